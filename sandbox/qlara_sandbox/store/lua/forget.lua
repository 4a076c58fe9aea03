-- Forgets a world.
--
-- KEYS: head, log, counters, lease, trace
-- Returns whether there was one
for part in string.gmatch(redis.call('HGET', KEYS[1], 'parts') or '', '%S+') do
  redis.call('UNLINK', part)
end
local found = redis.call('UNLINK', KEYS[1])
redis.call('UNLINK', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
return found
