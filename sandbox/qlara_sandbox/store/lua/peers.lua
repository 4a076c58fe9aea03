-- Notes that a sandbox is there, and returns all that are.
--
-- KEYS: sandboxes by the time when they were last heard of, what they begin with
-- ARGV: the one that says so, seconds after which one is gone, what it begins with
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[2])
return redis.call('ZRANGE', KEYS[1], 0, -1)
