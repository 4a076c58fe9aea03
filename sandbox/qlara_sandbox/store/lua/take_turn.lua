-- Takes the turn in a world, unless somebody else has it.
--
-- KEYS: lease
-- ARGV: token, milliseconds
-- Returns whether it is taken
if redis.call('GET', KEYS[1]) == ARGV[1] or redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
return 0
