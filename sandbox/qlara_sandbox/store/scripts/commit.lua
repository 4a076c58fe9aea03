-- Adds a change to a world, if nothing has changed it since.
--
-- KEYS: head, log, counters, lease, staged part (or the head once more)
-- ARGV: id of the world, version that the change was made at, change, token of the lease, milliseconds that an idle world
--       is kept, counters in place of those there are (or nothing), 1 if nothing before the change matters any more
-- Returns 1; 0 if the world has changed, or is gone; -1 if somebody else has its turn
local head, log, counters, lease, part = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local world = redis.call('HMGET', head, 'id', 'version', 'parts')
if world[1] ~= ARGV[1] or world[2] ~= ARGV[2] then
  return 0
end
local turn = redis.call('GET', lease)
if turn and turn ~= ARGV[4] then
  return -1
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
  if redis.call('PEXPIRE', part, ARGV[5]) == 0 then
    return 0 -- it took too long, and what was staged is gone
  end
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
