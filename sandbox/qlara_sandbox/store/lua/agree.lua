-- Keeps a value, if it is the first one, and returns the one that is kept.
--
-- KEYS: values by name
-- ARGV: name, value
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[1], ARGV[1])
