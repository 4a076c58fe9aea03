-- Takes over what a request has counted, if no other has counted since.
--
-- KEYS: head, counters
-- ARGV: id of the world, version of the counters, counters, milliseconds that an idle world is kept
-- Returns whether it did
local world = redis.call('HMGET', KEYS[1], 'id', 'counted')
if world[1] ~= ARGV[1] or world[2] ~= ARGV[2] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'counted', 1)
return 1
