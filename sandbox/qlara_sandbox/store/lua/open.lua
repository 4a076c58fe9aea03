-- Opens a world, created if there is none, and returns what a copy of it lacks.
--
-- KEYS: head, log, counters, trace
-- ARGV: id of the copy's world, its version, its version of the counters, id for a new world, milliseconds that an idle
--       world is kept, milliseconds that its trace is kept, stamp of what the world begins with, 1 if it may be created
-- Returns 1 if the copy has everything; 0 if there is no world, and none may be created; else: id, version, version of the
--       counters, version of the first change in the log less one, counters, whether the world was created, whether one
--       before it was given up, version after which the log begins, parts that it leads to, changes
--
-- A copy that has everything needs no command that takes memory: it can be read while the engine is full.
local head, log, counters, trace = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local idle = tonumber(ARGV[5])
local world = redis.call('HMGET', head, 'id', 'version', 'counted', 'base', 'parts', 'stamp')
local is_whole = world[1] and world[6] == ARGV[7]
local is_same = is_whole and world[1] == ARGV[1] and world[2] == ARGV[2] and world[3] == ARGV[3]
if is_whole and not is_same then -- an engine that is full may have been told to give up any key
  is_whole = redis.call('LLEN', log) == tonumber(world[2]) - tonumber(world[4])
    and (world[3] == '0' or redis.call('EXISTS', counters) == 1)
end
local created, lost = 0, 0
if not is_whole and ARGV[8] == '0' then
  return 0
elseif not is_whole then
  created = 1
  lost = world[1] and 1 or redis.call('EXISTS', trace)
  for part in string.gmatch(world[5] or '', '%S+') do
    redis.call('UNLINK', part)
  end
  redis.call('UNLINK', head, log, counters) -- they outlive the head a little
  redis.call('HSET', head, 'id', ARGV[4], 'version', 0, 'counted', 0, 'base', 0, 'stamp', ARGV[7])
  redis.call('PEXPIRE', head, idle)
  redis.call('SET', trace, 1, 'PX', ARGV[6])
  world = { ARGV[4], '0', '0', '0', '' }
elseif redis.call('PTTL', head) < idle - idle / 64 then -- the head is what expires first
  redis.call('PEXPIRE', trace, ARGV[6])
  redis.call('PEXPIRE', log, idle)
  redis.call('PEXPIRE', counters, idle)
  for part in string.gmatch(world[5] or '', '%S+') do
    redis.call('PEXPIRE', part, idle)
  end
  redis.call('PEXPIRE', head, idle)
end
if is_same then
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
