-- Opens a world, created if there is none, and returns what a copy of it lacks.
--
-- KEYS: head, log, counters, trace
-- ARGV: id of the copy's world, its version, its version of the counters, id for a new world, milliseconds that an idle
--       world is kept, milliseconds that its trace is kept, what the world is (JSON), 1 if a request uses it
-- Returns 1 if the copy has everything; else: id, version, version of the counters, version of the first change in the log
--       less one, counters, whether the world was created, whether one before it was given up, version after which the log
--       begins, parts that it leads to, changes
local head, log, counters, trace = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local world = redis.call('HMGET', head, 'id', 'version', 'counted', 'base', 'parts')
local created, lost = 0, 0
if not world[1] then
  created = 1
  lost = redis.call('EXISTS', trace)
  redis.call('HSET', head, 'id', ARGV[4], 'version', 0, 'counted', 0, 'base', 0, 'requests', 0, 'about', ARGV[7])
  world = { ARGV[4], '0', '0', '0' }
end
if ARGV[8] == '1' then
  redis.call('HINCRBY', head, 'requests', 1)
end
redis.call('PEXPIRE', head, ARGV[5])
redis.call('SET', trace, 1, 'PX', ARGV[6])
if world[2] ~= '0' then
  redis.call('PEXPIRE', log, ARGV[5])
  for part in string.gmatch(world[5] or '', '%S+') do
    redis.call('PEXPIRE', part, ARGV[5])
  end
end
if world[3] ~= '0' then
  redis.call('PEXPIRE', counters, ARGV[5])
end
if world[1] == ARGV[1] and world[2] == ARGV[2] and world[3] == ARGV[3] then
  return 1
end
local base = tonumber(world[4])
local from = base
if world[1] == ARGV[1] and tonumber(ARGV[2]) > base then
  from = tonumber(ARGV[2])
end
return {
  world[1], world[2], world[3], tostring(from), redis.call('GET', counters) or '', created, lost, world[4],
  world[5] or '', redis.call('LRANGE', log, from - base, -1),
}
