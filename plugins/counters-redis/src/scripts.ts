/*
 * Each runs as one step in the server. What a claim is counted in:
 *   rate        hash `s` start of the window, `c` counted in it, `p` counted in the one before
 *   budget      hash `e` end of the window, `u` used in it
 *   concurrent  sorted set of places by the moment until which they are held
 * A caller whose clock is up to a minute behind counts in the window that another has begun: it must not empty it.
 * A lease is the JSON of its claims: [kind, key, amount, place, window], all text, since cjson keeps 14 digits of a number.
 */
const COMMON = `
local LATE = 60000
local function text(n) return string.format('%.0f', n) end
local function rate(key, window, now)
  local start = now - now % window
  local h = redis.call('HMGET', key, 's', 'c', 'p')
  local s, c, p = tonumber(h[1] or '0'), tonumber(h[2] or '0'), tonumber(h[3] or '0')
  if s > now and s - now <= LATE then return s, c, p, s end
  if s == start then return start, c, p, now end
  if s == start - window then return start, 0, c, now end
  return start, 0, 0, now
end
local function budget(key, ends, now)
  local h = redis.call('HMGET', key, 'e', 'u')
  local e = tonumber(h[1] or '0')
  if e == ends or (e > ends and ends - now <= LATE) then return tonumber(h[2]), e end
  return 0, ends
end
`;

/** KEYS: one a claim, then the lease's. ARGV: now, lease, hold ms, lease ms, then kind, amount, limit, window or end, shadow, settles of each claim. */
export const TAKE = `${COMMON}
local now, lease, hold, life = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local count = #KEYS - 1
local function claim(i)
  local o = 4 + (i - 1) * 6
  return ARGV[o + 1], tonumber(ARGV[o + 2]), tonumber(ARGV[o + 3]), tonumber(ARGV[o + 4]), ARGV[o + 5] == '1', ARGV[o + 6] == '1'
end
local function refuse(i, left, wait, reset)
  return { '0', text(i), text(math.max(0, math.floor(left))), text(math.max(1000, math.ceil(wait))), text(math.max(1000, math.ceil(reset))) }
end
for i = 1, count do
  local kind, amount, limit, at, shadow = claim(i)
  local key = KEYS[i]
  if kind == 'c' then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now))
    if not shadow and redis.call('ZCARD', key) + amount > limit then return refuse(i, 0, 1000, 1000) end
  elseif kind == 'b' then
    local used, ends = budget(key, at, now)
    if not shadow and used + amount > limit then return refuse(i, limit - used, ends - now, ends - now) end
  else
    local start, c, p, moment = rate(key, at, now)
    local used = c + p * (1 - (moment - start) / at)
    if not shadow and used + amount > limit then
      local room = math.max(0, limit - amount)
      local function fading(counted, left) if counted <= left then return 0 end return at * (1 - left / counted) end
      local wait = start - now + (c <= room and fading(p, room - c) or at + fading(c, room))
      local reset = start - now + at * (c > 0 and 2 or (p > 0 and 1 or 0))
      return refuse(i, limit - used, wait, reset)
    end
  end
end
local answer, kept, settled = { '1' }, {}, false
for i = 1, count do
  local kind, amount, limit, at, _, settles = claim(i)
  local key = KEYS[i]
  local place = 0
  if kind == 'c' then
    for n = 1, amount do redis.call('ZADD', key, text(now + hold), lease .. ':' .. n) end
    redis.call('PEXPIRE', key, text(life))
    answer[#answer + 1] = '-1'
    answer[#answer + 1] = '0'
  elseif kind == 'b' then
    local before, ends = budget(key, at, now)
    local used = math.max(0, before + amount)
    place = ends
    redis.call('HSET', key, 'e', text(ends), 'u', text(used))
    redis.call('PEXPIRE', key, text(math.max(1000, ends - now + life)))
    answer[#answer + 1] = text(math.max(0, limit - used))
    answer[#answer + 1] = text(ends - now)
  else
    local start, c, p, moment = rate(key, at, now)
    c = c + amount
    place = start
    redis.call('HSET', key, 's', text(start), 'c', text(c), 'p', text(p))
    redis.call('PEXPIRE', key, text(2 * at + 1000))
    answer[#answer + 1] = text(math.max(0, math.floor(limit - c - p * (1 - (moment - start) / at))))
    answer[#answer + 1] = text(start - now + at * (c > 0 and 2 or (p > 0 and 1 or 0)))
  end
  if settles then
    settled = true
    kept[#kept + 1] = { kind, key, text(amount), text(place), text(at) }
  end
end
if settled then redis.call('SET', KEYS[count + 1], cjson.encode(kept), 'PX', text(life)) end
return answer
`;

/** KEYS: the lease's. ARGV: the lease, then key and amount of what was used. Returns key, end of the window and what is used of each budget. */
export const SETTLE = `${COMMON}
local kept = redis.call('GET', KEYS[1])
if not kept then return {} end
redis.call('DEL', KEYS[1])
local actual, left = {}, {}
for i = 2, #ARGV, 2 do actual[ARGV[i]] = tonumber(ARGV[i + 1]) end
for _, claim in ipairs(cjson.decode(kept)) do
  local kind, key, amount, place, window = claim[1], claim[2], tonumber(claim[3]), tonumber(claim[4]), tonumber(claim[5])
  local used = actual[key]
  if kind == 'c' then
    for n = 1, amount do redis.call('ZREM', key, ARGV[1] .. ':' .. n) end
  elseif used and kind == 'b' then
    local h = redis.call('HMGET', key, 'e', 'u')
    if h[1] and tonumber(h[1]) == place then
      local sum = text(math.max(0, tonumber(h[2]) + used - amount))
      redis.call('HSET', key, 'u', sum)
      left[#left + 1] = key
      left[#left + 1] = h[1]
      left[#left + 1] = sum
    end
  elseif used then
    local h = redis.call('HMGET', key, 's', 'c', 'p')
    local s = tonumber(h[1] or '-1')
    if s == place then redis.call('HSET', key, 'c', text(math.max(0, tonumber(h[2]) + used - amount)))
    elseif s - window == place then redis.call('HSET', key, 'p', text(math.max(0, tonumber(h[3]) + used - amount))) end
  end
end
return left
`;

/** KEYS: leases. ARGV: now, hold ms, lease ms, then the leases. */
export const BEAT = `${COMMON}
local now, hold, life = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
for i = 1, #KEYS do
  local kept = redis.call('GET', KEYS[i])
  if kept then
    redis.call('PEXPIRE', KEYS[i], text(life))
    for _, claim in ipairs(cjson.decode(kept)) do
      if claim[1] == 'c' then
        for n = 1, tonumber(claim[3]) do redis.call('ZADD', claim[2], text(now + hold), ARGV[3 + i] .. ':' .. n) end
        redis.call('PEXPIRE', claim[2], text(life))
      end
    end
  end
end
return 1
`;

/**
 * KEYS: the set of replicas, the name of what the server counts. ARGV: now, who says so, how long it counts in ms. Returns how many there
 * are, and the name; empty: the server is new, or lost its data.
 */
export const PRESENT = `
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', tonumber(ARGV[1]) - tonumber(ARGV[3])))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return { redis.call('ZCARD', KEYS[1]), redis.call('GET', KEYS[2]) or '' }
`;

/** KEYS: budgets. ARGV: now, lease ms, then end of the window and what was used of each. What is counted already is made no smaller. */
export const RESTORE = `
for i = 1, #KEYS do
  local ends, used = tonumber(ARGV[1 + 2 * i]), tonumber(ARGV[2 + 2 * i])
  local h = redis.call('HMGET', KEYS[i], 'e', 'u')
  local e = tonumber(h[1] or '0')
  if e < ends or (e == ends and tonumber(h[2]) < used) then
    redis.call('HSET', KEYS[i], 'e', ARGV[1 + 2 * i], 'u', ARGV[2 + 2 * i])
    redis.call('PEXPIRE', KEYS[i], string.format('%.0f', math.max(1000, ends - tonumber(ARGV[1]) + tonumber(ARGV[2]))))
  end
end
return 1
`;
