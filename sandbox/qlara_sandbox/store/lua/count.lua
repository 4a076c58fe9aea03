-- Takes over what a request has counted, if no other has counted since. To send it twice is to send it once.
--
-- KEYS: head, counters
-- ARGV: id of the world, version of the counters, counters, milliseconds that an idle world is kept, mark of the request
-- Returns whether it did
local world = redis.call('HMGET', KEYS[1], 'id', 'counted', 'counted by')
if world[1] ~= ARGV[1] then
  return 0
end
if world[2] ~= ARGV[2] then
  return world[3] == ARGV[5] and 1 or 0
end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
redis.call('HSET', KEYS[1], 'counted', tonumber(ARGV[2]) + 1, 'counted by', ARGV[5])
return 1
