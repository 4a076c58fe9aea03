-- Puts the whole of a world as it was at one version in place of the changes up to it.
--
-- KEYS: head, log, staged part
-- ARGV: id of the world, version, base that the log had then, change that leads to the part, milliseconds that an idle world
--       is kept, parts that the changes up to the version lead to
-- Returns 1; 0 if the world is gone, or its log was shortened by somebody else
local head, log, part = KEYS[1], KEYS[2], KEYS[3]
local world = redis.call('HMGET', head, 'id', 'base', 'parts')
if world[1] ~= ARGV[1] or world[2] ~= ARGV[3] or redis.call('PEXPIRE', part, ARGV[5]) == 0 then
  return 0
end
local gone = {}
for old in string.gmatch(ARGV[6], '%S+') do
  gone[old] = true
  redis.call('UNLINK', old)
end
local parts = part
for old in string.gmatch(world[3] or '', '%S+') do
  if not gone[old] then
    parts = parts .. ' ' .. old
  end
end
redis.call('LTRIM', log, tonumber(ARGV[2]) - tonumber(ARGV[3]), -1)
redis.call('LPUSH', log, ARGV[4])
redis.call('PEXPIRE', log, ARGV[5])
redis.call('HSET', head, 'base', tonumber(ARGV[2]) - 1, 'parts', parts)
return 1
