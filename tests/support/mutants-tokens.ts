import type { Edit, Mutant } from './mutants.ts';

/** Rules about tokens that somebody else signed, with the tests that must notice. */
const jwt = (file: string, from: string, to: string): Edit => ({ file: `packages/plugin/src/jwt/${file}`, from, to });
const oidc = (file: string, from: string, to: string): Edit => ({ file: `plugins/auth-oidc/src/${file}`, from, to });
const alb = (file: string, from: string, to: string): Edit => ({ file: `plugins/auth-alb/src/${file}`, from, to });
const at = (test: string) => (rule: string, named: string, edit: Edit) => ({ rule, edits: [edit], test, named });
const [reading, keys] = [at('packages/plugin/test/jws.test.ts'), at('packages/plugin/test/jwt.test.ts')];
const [vectors, strategy, asking] = ['vectors', 'strategy', 'asking'].map((name) => at(`plugins/auth-oidc/test/${name}.test.ts`)) as [
  ReturnType<typeof at>,
  ReturnType<typeof at>,
  ReturnType<typeof at>,
];
const [balancer, ends] = [at('plugins/auth-alb/test/strategy.test.ts'), at('tests/auth-alb.test.ts')];

const shared: readonly Mutant[] = [
  reading('a token of 16 KiB at most', 'more than 16 KiB', jwt('jws.ts', "if (token.length > LONGEST_TOKEN) return 'too_long';", '')),
  reading('a token has one spelling', 'bits that nobody reads', jwt('jws.ts', " && bytes.toString('base64url') === bare", '')),
  reading('padding for load balancers alone', 'a token that is read > padding', jwt('jws.ts', 'padded && segment.length', 'segment.length')),
  reading('no key of a token twice', 'a header with a key twice, spelt otherwise', jwt('jws.ts', ' || hasRepeatedKeys(source, value)', '')),
  reading('no critical extension of a token', 'a critical extension', jwt('jws.ts', "if ('crit' in header || 'b64' in header) return 'critical';", '')),
  keys('the end of a token', 'exp at the edge', jwt('claims.ts', "if (now >= end) return 'expired';", '')),
  keys('a token has an end', 'exp not a number', jwt('claims.ts', "if (Number.isNaN(end)) return 'exp';", '')),
  keys('a token that is not valid yet', 'nbf after it', jwt('claims.ts', "return 'nbf';", 'return undefined;')),
  keys('a token of later', 'iat in the future', jwt('claims.ts', "if (claims.iat !== undefined && !(issued <= now + tolerance)) return 'iat';", '')),
  keys('an audience is whole', 'a list that is not all text', jwt('claims.ts', "named.every((one) => typeof one === 'string') && ", '')),
  keys('a key of its own type', 'RSA verifies its own algorithms', jwt('jwk.ts', ' || key.kty !== TYPES[wanted.slice(0, 2)]', '')),
  keys(
    'a key of its own algorithm',
    'JWT alg is not JWK alg',
    jwt('jwk.ts', "if (alg !== undefined && alg !== wanted && !(wanted === 'EdDSA' && alg === 'Ed25519')) return false;", ''),
  ),
  keys('a key for signatures', 'wrong use', jwt('jwk.ts', "(use === undefined || use === 'sig') && ", '')),
  keys('a key of 2,048 bits', 'an RSA key of 1024 bits', jwt('jwk.ts', 'bits >= LEAST_BITS && ', '')),
  keys('an exponent that hides something', 'an RSA key with exponent 1', jwt('jwk.ts', " && Number(`0x0${exponent.toString('hex')}`) >= 3", '')),
  keys('100 keys at most', '101 keys', jwt('jwk.ts', ' || keys.length > MOST_KEYS', '')),
  keys('keys are asked for by one', 'is asked for once by any number at a time', jwt('key-set.ts', 'loading ??= reload()', 'loading = reload()')),
  keys(
    'keys are not asked for at will',
    'not within 30 s of the last time',
    jwt('key-set.ts', 'if (loading === undefined && since(triedAt, now()) < coolDown()) return false;', ''),
  ),
  keys('an unknown key is remembered', 'not within 30 s of the last time', jwt('key-set.ts', 'if (asked && !failing) remember(kid);', '')),
  keys('known keys outlive an outage', 'during an outage known keys go on', jwt('key-set.ts', 'const STALE = 86_400_000;', 'const STALE = 600_000;')),
  keys('known keys end', 'during an outage known keys go on', jwt('key-set.ts', 'if (now() - loadedAt > STALE) return missing();', '')),
  keys(
    'keys are looked at again',
    'a key that was taken out',
    jwt('key-set.ts', 'if (since(loadedAt, now()) <= MAX_AGE) return;', 'if (since(loadedAt, now()) <= STALE) return;'),
  ),
  keys('a clock that is set back holds up no new key', 'a clock that is set back', {
    file: 'packages/plugin/src/since.ts',
    from: '(now < at ? Number.POSITIVE_INFINITY : now - at)',
    to: 'now - at',
  }),
  keys(
    'scopes come from the map',
    'scopes come from the map alone',
    jwt('grants.ts', '(Object.hasOwn(map, value) ? (map[value] ?? []) : [])', '(Object.hasOwn(map, value) ? (map[value] ?? []) : (value as never))'),
  ),
  keys('an e-mail is verified', 'an e-mail is a group when it is verified', jwt('grants.ts', 'claims.email_verified === true && ', '')),
];
const issuers: readonly Mutant[] = [
  vectors('the algorithms of an issuer', 'A001 alg none', oidc('issuer.ts', "if (!algorithms.has(alg)) return denied('algorithm');", '')),
  strategy('a signature of HS256 is none', 'A002 HS256', oidc('issuer.ts', "if (!algorithms.has(alg)) return denied('algorithm');", '')),
  strategy(
    'the signature of a token',
    'the key of one issuer is none of another',
    oidc('issuer.ts', "if (!(await isSignedBy(token, key, alg))) return denied('signature');", ''),
  ),
  strategy('a key fits its algorithm', 'wrong use', oidc('issuer.ts', '.filter((one) => keyFits(one, alg))', '')),
  strategy('a key is named where several fit', 'without kid', oidc('issuer.ts', "if (another !== undefined) return denied('key_not_named');", '')),
  strategy('edges of a token’s life', 'A004 expiry', oidc('claims.ts', 'if (time !== undefined) return time;', '')),
  strategy('the audience of a token', 'A006 audience', oidc('claims.ts', "if (!audienceFits(claims.aud, listOf(audience))) return 'audience';", '')),
  strategy('an ID token is none for an API', 'an ID token is none', oidc('claims.ts', '!idTokens && (', 'false && (')),
  strategy('every client of a token', 'claims > clients', oidc('claims.ts', 'named.every((name) => clients', 'named.some((name) => clients')),
  strategy('the use of a Cognito token', 'A009 token use', oidc('claims.ts', "return 'token_use';", 'return undefined;')),
  strategy(
    'the client of a Cognito token',
    'A009 token use',
    oidc('claims.ts', "? undefined : 'client';\n};\nconst plainFault", '? undefined : undefined;\n};\nconst plainFault'),
  ),
  strategy('Cognito says what it accepts', 'no client does not start', oidc('check.ts', 'if (issuer[param] === undefined)', 'if (false)')),
  strategy('a token bound to a key', 'bound to a key of the caller', oidc('claims.ts', "if (claims.cnf !== undefined) return 'bound_to_a_key';", '')),
  strategy('other kinds of token', 'types of token', oidc('claims.ts', "if (!TYPES.has(typeOf(jws))) return 'type';", '')),
  strategy('a subject', 'claims > subject', oidc('claims.ts', ' && !/\\p{Cc}/u.test(sub)', '')),
  strategy(
    'a token is remembered to its end',
    'A045 a token with 3 s left',
    oidc('principal.ts', 'Math.min(now + BELIEVED, exp ?? Number.POSITIVE_INFINITY)', 'now + BELIEVED'),
  ),
  strategy('https', 'plain http on this machine, not said', oidc('check.ts', '(insecureIssuer && LOOPBACK.test(url))', 'LOOPBACK.test(url)')),
  strategy(
    'an audience must be written',
    'that does not start > no audience',
    oidc('check.ts', 'if (issuer.audience === undefined) throw', 'if (false) throw'),
  ),
  asking('a document of the issuer itself', 'a document of another issuer', oidc('keys.ts', 'if (found.issuer !== config.issuer) throw', 'if (false) throw')),
  asking('keys by https', 'with keys by plain http:', oidc('keys.ts', ' || !mayAsk(uri, config)', '')),
  asking('redirects lead nowhere', 'that is a redirect', oidc('ask.ts', 'if (reply.status !== 200)', 'if (reply.status > 399)')),
  asking('active is true', 'active is not true', oidc('introspection.ts', 'claims.active !== true', '!claims.active')),
  asking(
    'the audience of an opaque token',
    'introspection > another audience',
    oidc('introspection.ts', "if (!isForUs(claims, config)) return 'audience';", ''),
  ),
  asking('the end of an opaque token', 'A045 the end that the issuer tells', oidc('introspection.ts', "time === 'expired' || ", '')),
  asking('who is shown a token', 'is shown to nobody', oidc('introspection.ts', ' && !ELSEWHERE.test(token)', '')),
  asking(
    'a network from which much was refused asks little',
    'made-up tokens from one address',
    oidc('introspection.ts', "refusal: 'denied'", "refusal: 'not-mine'"),
  ),
  asking(
    'one issuer is shown tokens',
    'one issuer alone may be shown tokens',
    oidc('check.ts', 'if (issuer.introspection !== undefined && before', 'if (false && before'),
  ),
];
const balancers: readonly Mutant[] = [
  balancer(
    'the load balancer is pinned',
    'A050 another load balancer',
    alb('strategy.ts', 'places.get(header.signer) : undefined', '(places.get(header.signer) ?? [...places.values()][0]) : undefined'),
  ),
  balancer(
    'the client of a load balancer',
    'A050 another load balancer',
    alb('strategy.ts', "if (clients !== undefined && !clients.includes(header.client)) return denied('client');", ''),
  ),
  balancer('a key id is a UUID', 'A050 another load balancer', alb('strategy.ts', "if (!UUID.test(kid)) return denied('key_id');", '')),
  balancer('ES256 alone', 'A050 another load balancer', alb('strategy.ts', "if (alg !== 'ES256') return denied('algorithm');", '')),
  balancer('a trusted peer', 'A050 another load balancer', alb('strategy.ts', "if (!peer.trusted) return denied('untrusted_peer');", '')),
  balancer(
    'the signature of a load balancer',
    'is refused by its key',
    alb('strategy.ts', "if (!(await isSigned(token, found.key))) return denied('signature');", ''),
  ),
  balancer('the issuer of a load balancer', 'issuer, subject, end', alb('strategy.ts', ' || (issuer !== undefined && iss !== issuer)', '')),
  balancer('a key that is not there is remembered', 'does not push out the one in use', alb('keys.ts', 'absent.get(kid) ??', 'absent.get(place) ??')),
  balancer(
    'ids that nobody knows are asked for at most a hundred times',
    'a flood of ids',
    alb('keys.ts', 'missed.length >= MOST_MISSED', 'missed.length < 0'),
  ),
  balancer(
    'ids that nobody knows use up nothing of the others',
    'a flood of ids',
    alb('keys.ts', 'before.length - missed.length >= MOST_ASKED', 'before.length >= MOST_ASKED'),
  ),
  balancer('keys that sign for us stay', 'push out none that does', alb('strategy.ts', '    keys.proven(place, kid);\n', '')),
  balancer('several keys are known', 'the one before and that of another', alb('keys.ts', 'const MOST_KEPT = 32;', 'const MOST_KEPT = 1;')),
  balancer(
    'one request for a key',
    'one is asked for once',
    alb('keys.ts', 'await running.ask(`${place}/${kid}`, address, () => ask(kid, networkOf(address)))', 'await ask(kid, networkOf(address))'),
  ),
  balancer('the region of the ARN', 'an ARN with another host for a region', alb('place.ts', 'if (wrong !== undefined) throw', 'if (false) throw')),
  ends('the end of what a load balancer wrote', 'A045 what it wrote', alb('strategy.ts', 'if (time !== undefined) return time;', '')),
];
export const tokens: readonly Mutant[] = [...shared, ...issuers, ...balancers];
