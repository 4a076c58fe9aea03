-- Adds a change to a world, if nothing has changed it since. To send it twice is to send it once.
--
-- KEYS: head, log, counters, lease, staged part (or the head once more)
-- ARGV: id of the world, version that the change was made at, change (which begins with the 16 bytes of its mark), token of
--       the lease, milliseconds that an idle world is kept, counters in place of those there are (or nothing), 1 if nothing
--       before the change matters any more
-- Returns 1 if the change is there; 0 if the world has changed, or is gone; -1 if somebody else has its turn; -2 if the
--       world has changed, and the log no longer tells whether by this very change; -3 if the engine has lost its log, which a
--       copy that has everything does not notice
local head, log, counters, lease, part = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local world = redis.call('HMGET', head, 'id', 'version', 'parts', 'base')
if world[1] ~= ARGV[1] then
  return 0
end
if world[2] ~= ARGV[2] then
  local at = tonumber(ARGV[2]) - tonumber(world[4])
  if at < 0 then
    return -2
  end
  local there = redis.call('LINDEX', log, at)
  return there and string.sub(there, 1, 16) == string.sub(ARGV[3], 1, 16) and 1 or 0
end
local turn = redis.call('GET', lease)
if turn and turn ~= ARGV[4] then
  return -1
end
if redis.call('LLEN', log) ~= tonumber(world[2]) - tonumber(world[4]) then
  return -3
end
if part ~= head and redis.call('PEXPIRE', part, ARGV[5]) == 0 then
  return 0 -- it took too long, and what was staged is gone
end
local parts = world[3] or ''
if ARGV[7] == '1' then
  redis.call('UNLINK', log)
  for old in string.gmatch(parts, '%S+') do
    redis.call('UNLINK', old)
  end
  parts = ''
  redis.call('HSET', head, 'base', world[2])
end
if part ~= head then
  parts = parts .. ' ' .. part
end
redis.call('RPUSH', log, ARGV[3])
redis.call('PEXPIRE', log, ARGV[5])
redis.call('HINCRBY', head, 'version', 1)
redis.call('HSET', head, 'parts', parts)
if ARGV[6] ~= '' then
  redis.call('SET', counters, ARGV[6], 'PX', ARGV[5])
  redis.call('HINCRBY', head, 'counted', 1)
end
if turn then
  redis.call('DEL', lease)
end
return 1
