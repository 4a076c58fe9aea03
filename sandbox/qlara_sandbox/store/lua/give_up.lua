-- Gives up a world of which something is lost; its trace tells whoever opens it next.
--
-- KEYS: head, log, counters, lease, trace
-- ARGV: id of the world
-- Returns whether it was that world
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then
  return 0
end
for part in string.gmatch(redis.call('HGET', KEYS[1], 'parts') or '', '%S+') do
  redis.call('UNLINK', part)
end
return redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
