import type { Edit, Mutant } from './mutants.ts';

const rules =
  (plugin: string, test: string) =>
  (rule: string, named: string, file: string, from: string, to: string): Mutant => ({
    rule: `${plugin}: ${rule}`,
    edits: [{ file: `plugins/${plugin}/src/${file}`, from, to }],
    test,
    named,
  });

const BASIC = rules('auth-basic', 'plugins/auth-basic/test/strategy.test.ts');
const DECODE = rules('auth-basic', 'plugins/auth-basic/test/decode.test.ts');
const basic: readonly Mutant[] = [
  BASIC(
    'passwords over TLS only',
    'the way > no TLS from elsewhere',
    'strategy.ts',
    'if (!config.allowInsecureBasic && !isPrivate(request)) return INSECURE;',
    '',
  ),
  BASIC('https of every proxy', 'the way > a trusted proxy that says both', 'way.ts', "split(',').every(", "split(',').some("),
  BASIC(
    'what a proxy forwards is not this machine',
    'a trusted proxy that forwards this machine',
    'way.ts',
    'if (peer.trusted) {',
    'if (peer.trusted && !LOOPBACK.test(peer.address)) {',
  ),
  BASIC(
    'an unknown user costs as much',
    'an unknown name costs',
    'strategy.ts',
    'if (entry === undefined) return await argon.verify(NOBODY, password, asker);',
    'if (entry === undefined) return false;',
  ),
  BASIC(
    'a wait after wrong passwords',
    'stops after ten wrong passwords',
    'strategy.ts',
    "return retryAfterMs > 0 ? { is: 'denied', reason: 'locked', retryAfterMs } : undefined;",
    'return undefined;',
  ),
  BASIC('guesses that began before a lock', 'stops after ten wrong passwords at once', 'strategy.ts', 'if (after !== undefined) return after;', ''),
  {
    rule: 'auth-basic: a password that was replaced is not remembered',
    edits: [{ file: 'packages/plugin/src/issued/verified.ts', from: 'before?.phc !== phc', to: 'before === undefined' }],
    test: 'plugins/auth-basic/test/strategy.test.ts',
    named: 'a password that was right lets nobody in once it is another',
  },
  {
    rule: 'auth-basic: guesses that waited are not computed after a lock',
    edits: [{ file: 'packages/plugin/src/issued/argon.ts', from: '(asker === undefined || asker.mayAsk()) && ', to: '' }],
    test: 'packages/plugin/test/argon.test.ts',
    named: 'computes nothing for an asker',
  },
  {
    rule: 'auth-basic: who must wait is not forgotten for others',
    edits: [{ file: 'packages/plugin/src/issued/guesses.ts', from: 'const many = latest<Bucket>();', to: 'const many = few;' }],
    test: 'plugins/auth-basic/test/failures.test.ts',
    named: 'of many other names',
  },
  {
    rule: 'auth-basic: a lock says how long it lasts each time',
    edits: [
      {
        file: 'packages/core/src/access/authenticate.ts',
        from: 'if (key !== undefined && retryAfterMs === undefined) cache',
        to: 'if (key !== undefined) cache',
      },
    ],
    test: 'tests/access-basic.test.ts',
    named: 'a lock of bob',
  },
  {
    rule: 'auth-basic: addresses of one network are one source',
    edits: [{ file: 'plugins/auth-basic/src/failures.ts', from: 'places.wrong(networkOf(source), now)', to: 'places.wrong(source, now)' }],
    test: 'plugins/auth-basic/test/failures.test.ts',
    named: 'from any address of one network',
  },
  BASIC('removed users', 'let a new user in at once and a removed one no longer', 'record.ts', "if (status === 'removed') return 'removed';", ''),
  BASIC('sessions of an old password', 'with a new password does not come in', 'strategy.ts', ' || credentialOf(entry.record) !== credential', ''),
  BASIC('no more rights than who adds', 'neither by adding nor by a new password', 'admin/add.ts', '  bounds.give(principalOf(rights));\n', ''),
  BASIC(
    'no password for who has more rights',
    'neither by adding nor by a new password',
    'admin/remove.ts',
    '      bounds.touch(principalOf(record), record.createdBy);\n',
    '',
  ),
  DECODE('padding', 'what is refused > no padding', 'decode.ts', 'if (!PADDED.test(text) &&', 'if (false &&'),
  DECODE(
    'one way of writing a password',
    'bits beyond the last byte',
    'decode.ts',
    "return bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '') ? bytes : undefined;",
    'return bytes;',
  ),
  DECODE('control characters', 'NUL in the password', 'decode.ts', "text === '' || CONTROL.test(text)", "text === ''"),
  DECODE('UTF-8', 'Latin-1', 'decode.ts', 'fatal: true', 'fatal: false'),
  DECODE('the first colon', 'dTpwOnE=', 'decode.ts', "plain.indexOf(':')", "plain.lastIndexOf(':')"),
];

const MTLS = rules('auth-mtls', 'plugins/auth-mtls/test/strategy.test.ts');
const XFCC = rules('auth-mtls', 'plugins/auth-mtls/test/xfcc.test.ts');
const NAMES = rules('auth-mtls', 'plugins/auth-mtls/test/names.test.ts');
const mtls: readonly Mutant[] = [
  MTLS('XFCC from trusted peers', 'A040 XFCC > from an untrusted peer', 'strategy.ts', "if (!request.peer.trusted) return denied('untrusted_peer');", ''),
  MTLS('one line of XFCC', 'A040 XFCC > of two lines', 'strategy.ts', "if (linesOf(request, XFCC) > 1) return denied('repeated_header');", ''),
  MTLS('one element of XFCC', 'A040 XFCC > of two elements', 'strategy.ts', "if (elements.length !== hops) return denied('wrong_number_of_elements');", ''),
  MTLS(
    'the proxy that is named',
    'A040 XFCC > by another proxy',
    'strategy.ts',
    "if (proxy !== undefined && spiffeIdOf(elements.at(-1)?.by ?? '') !== proxy) return denied('another_proxy');",
    '',
  ),
  MTLS('the certificate of the connection', 'that is not the one of the connection', 'strategy.ts', ' || !equal(hashOf(certificate), credential.value)', ''),
  MTLS('no authorities', 'a certificate > of an authority', 'certificate.ts', "if (certificate.ca) return 'authority';", ''),
  MTLS(
    'usage for clients',
    'a certificate > for servers',
    'certificate.ts',
    "if (usages !== undefined && !usages.includes(CLIENT_AUTH)) return 'not_for_clients';",
    '',
  ),
  MTLS('the end of a certificate', 'whose time is over', 'strategy.ts', "if (at >= held.until) return denied('expired');", ''),
  MTLS(
    'the life of a certificate',
    'made for longer than maxLifetime',
    'strategy.ts',
    "if (config.maxLifetime !== undefined && held.until - held.from > config.maxLifetime) return denied('lives_too_long');",
    '',
  ),
  MTLS('exactly one URI', 'a certificate > of two ids', 'rules.ts', 'uris.length === 1 ? spiffeIdOf(uri) : undefined', 'spiffeIdOf(uri)'),
  MTLS(
    'a SPIFFE id decides',
    'is let in by its subject',
    'rules.ts',
    'if (ids.length > 0 && uris.some(isSpiffe)) {',
    'if (ids.length > 0 && uris.some(isSpiffe) && names.length === 0) {',
  ),
  {
    rule: 'auth-mtls: the certificate of a proxy is not the caller',
    edits: [
      {
        file: 'packages/core/src/access/ambient.ts',
        from: '[...believed, certificate.credential]',
        to: '[certificate.credential, ...believed]',
      },
    ],
    test: 'tests/access-mtls.test.ts',
    named: 'that the proxy opened with a certificate of its own',
  },
  MTLS('a certificate beside every credential', 'may ask for a certificate beside', 'strategy.ts', 'alsoRequired: config.requireBoth,', ''),
  XFCC('one URI in an element', 'what is refused > two URIs', 'xfcc.ts', '(key !== REPEATED && found.has(key))', 'false'),
  XFCC('quotes that could be read in two ways', 'two backslashes', 'xfcc.ts', '|\\\\(?!["\\\\]))*)"/y', '|\\\\(?!["]))*)"/y'),
  XFCC('16 KiB', 'more than 16 KiB', 'xfcc.ts', 'if (text.length > LONGEST) return undefined;', ''),
  NAMES('a boundary of paths', 'match exactly, or below a slash', 'spiffe.ts', 'one.startsWith(`${id}/`)', 'one.startsWith(id)'),
  NAMES('dot segments', 'spiffe://corp/../a', 'spiffe.ts', " || path.split('/').some((segment) => segment === '.' || segment === '..')", ''),
];

const SIGV4 = rules('auth-sigv4', 'plugins/auth-sigv4/test/strategy.test.ts');
const CLAIM = rules('auth-sigv4', 'plugins/auth-sigv4/test/claim.test.ts');
const sigv4: readonly Mutant[] = [
  SIGV4('the signature', 'with another secret', 'strategy.ts', "if (well.payload !== undefined && !right) return denied('wrong_signature');", ''),
  SIGV4(
    'the signature of a body that is not named',
    'with another secret that says no hash',
    'strategy.ts',
    'well.payload === undefined ? isRight(well, key, hex) :',
    'well.payload === undefined ? true :',
  ),
  SIGV4('the hash that is named', 'whose body was changed on the way', 'strategy.ts', 'equal(well.payload, hex)', 'true'),
  SIGV4('five minutes', 'too late', 'strategy.ts', "if (Math.abs(at - host.now()) > SKEW) return 'out_of_time';", ''),
  SIGV4('the services', 'for another service', 'strategy.ts', '!config.services.includes(claim.service) || ', ''),
  SIGV4('the regions', 'only regions that are allowed', 'strategy.ts', ' || config.regions?.includes(claim.region) === false', ''),
  SIGV4('once', 'is refused, before its body and after', 'strategy.ts', ' && (config.allowReplay || used.use(well.claim.signature, well.at))', ''),
  {
    rule: 'signed requests once over all processes',
    edits: [{ file: 'packages/plugin/src/issued/pairs/replays.ts', from: 'return first === undefined || !isUsedUp(first);', to: 'return true;' }],
    test: 'plugins/auth-sigv4/test/strategy.test.ts',
    named: 'is refused by every process that shares the store',
  },
  {
    rule: 'signed requests once, wherever the clocks stand',
    edits: [{ file: 'packages/plugin/src/issued/pairs/replays.ts', from: 'Math.abs(host.now() - first)', to: '(host.now() - first)' }],
    test: 'packages/plugin/test/replays.test.ts',
    named: 'wherever the clocks stand',
  },
  {
    rule: 'a store that does not say whether a signature was used',
    edits: [
      {
        file: 'packages/plugin/src/issued/pairs/once.ts',
        from: 'for (const { fail } of asked) fail(away(error));',
        to: 'for (const { settle } of asked) settle(undefined);',
      },
    ],
    test: 'plugins/auth-sigv4/test/strategy.test.ts',
    named: 'cannot be told from the first when the store does not answer',
  },
  {
    rule: 'key pairs: a grace ends',
    edits: [
      {
        file: 'packages/plugin/src/issued/pairs/record.ts',
        from: "return status === 'grace' && now >= (graceUntil ?? 0) ? 'grace_over' : undefined;",
        to: 'return now >= (graceUntil ?? 0) && status === undefined ? undefined : undefined;',
      },
    ],
    test: 'plugins/auth-sigv4/test/strategy.test.ts',
    named: 'A024 rotation',
  },
  {
    rule: 'key pairs: who rotates is handed no more than it has',
    edits: [{ file: 'packages/plugin/src/issued/pairs/rotate.ts', from: '        bounds.give(principalOf(record, kind));\n', to: '' }],
    test: 'plugins/auth-sigv4/test/strategy.test.ts',
    named: 'A021 is rotated by nobody who has less',
  },
  {
    rule: 'key pairs: all of a name are revoked',
    edits: [{ file: 'packages/plugin/src/issued/pairs/operations.ts', from: 'changes: [...ended.map(', to: 'changes: [...ended.slice(-1).map(' }],
    test: 'plugins/auth-sigv4/test/strategy.test.ts',
    named: 'and all of its name are ended by the name',
  },
  SIGV4('revoked pairs', 'ends with revocation and expiry', 'strategy.ts', 'if (reason !== undefined) return denied(reason, proven);', ''),
  SIGV4('session tokens', 'with a session token', 'signed.ts', "if (sent.has('x-amz-security-token')) return 'session_token';", ''),
  SIGV4('presigned queries', 'presigned beside the header', 'signed.ts', "if (presigned(url)) return 'presigned';", ''),
  SIGV4('the host', 'must sign host and date', 'signed.ts', "if (!names.includes('host') && !names.includes(':authority')) return 'host_not_signed';", ''),
  SIGV4('headers for the service', 'with an unsigned header for the service', 'signed.ts', "if (!names.includes(name)) return 'header_not_signed';", ''),
  SIGV4('one date', 'with the date twice', 'signed.ts', "if (values.length > 1) return 'repeated_header';", ''),
  SIGV4('bodies that are signed', 'of an unsigned body', 'strategy.ts', "if (payload !== undefined && !HEX.test(payload)) return 'unsigned_payload';", ''),
  SIGV4('the place of a secret', 'whose row was moved to another id', 'key.ts', '`signing-keys/${id}`', '`signing-keys/${id.slice(0, 4)}`'),
  CLAIM('each header once', 'a header twice', 'claim.ts', "(names[i - 1] ?? '') < name", "(names[i - 1] ?? '') <= name"),
];

const OCI = rules('auth-oci-signature', 'plugins/auth-oci-signature/test/strategy.test.ts');
const oci: readonly Mutant[] = [
  OCI('the signature', 'of another key', 'strategy.ts', "if (!right) return denied('wrong_signature');", ''),
  OCI(
    'the body',
    'whose body was changed on the way',
    'strategy.ts',
    "const right = equal(Buffer.from(hex, 'hex').toString('base64'), payload);",
    'const right = payload.length > 0 && hex.length > 0;',
  ),
  OCI('five minutes', 'too late', 'strategy.ts', "if (Math.abs(at - host.now()) > SKEW) return 'out_of_time';", ''),
  OCI('what must be signed', 'without the hash', 'signed.ts', "if (must.some((name) => !claim.names.includes(name))) return 'header_not_signed';", ''),
  OCI('the date', 'without the date', 'signed.ts', "return dateName(claim) === undefined ? 'date_not_signed' : undefined;", 'return undefined;'),
  OCI(
    'the date that is signed',
    'whose signed date is old',
    'signed.ts',
    "['x-date', 'date'].find((name) => names.includes(name))",
    "['date', 'x-date'][names.length > 0 ? 0 : 1]",
  ),
  OCI('each header once', 'with a signed header twice', 'signed.ts', 'sent.has(name) ? undefined : ', ''),
  OCI('once', 'again is refused after two seconds', 'strategy.ts', ' && (config.allowReplay || used.use(mark, at))', ''),
  OCI('public keys alone', 'a private one', 'key.ts', 'if (!/^\\s*-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem)) return undefined;', ''),
  OCI('2048 bits', 'a short one', 'key.ts', 'modulusLength >= SHORTEST && ', ''),
];

const inCore = (file: string, from: string, to: string): Edit => ({ file: `packages/core/src/${file}`, from, to });
const BODILESS = 'without a body is checked as well';
/** A signature that covers a body must not pass where nobody reads one. */
const core: readonly Mutant[] = [
  {
    rule: 'a signed call without a body',
    edits: [inCore('call/prove.ts', 'if (!hasBody(x)) return check.sha256(EMPTY);', 'if (!hasBody(x)) return true;')],
    test: 'tests/access-oci-signature.test.ts',
    named: BODILESS,
  },
  {
    rule: 'a signed request where there is no call',
    edits: [inCore('call/prove.ts', '!hasBody(x) && check.sha256(EMPTY);', '!hasBody(x);')],
    test: 'tests/access-oci-signature.test.ts',
    named: BODILESS,
  },
  {
    rule: 'a body that was not signed where there is no call',
    edits: [inCore('call/prove.ts', '!hasBody(x) && check.sha256(EMPTY);', 'check.sha256(EMPTY);')],
    test: 'tests/access-sigv4.test.ts',
    named: 'one that came all the same was not signed',
  },
];

const PROVEN = '!(await told(r, kind, () => r.prove(body)))';
/** Until the body was read a signature may be anybody's. */
const proving: readonly Mutant[] = [
  {
    rule: 'what exists is told to who has proven to be the caller',
    edits: [inCore('access/authenticate.ts', PROVEN, 'false')],
    test: 'tests/access-sigv4.test.ts',
    named: 'learns what exists only with the right secret',
  },
  {
    rule: 'a second factor is asked of who has proven to be the caller',
    edits: [inCore('access/authenticate.ts', PROVEN, `graph.factor?.require !== 'always' && ${PROVEN}`)],
    test: 'tests/access-sigv4.test.ts',
    named: 'is asked for no code and is nobody',
  },
  {
    rule: 'who has not proven to be the caller is counted as refused',
    edits: [inCore('access/authenticate.ts', '    const { kind } = strategy;', "    const { kind } = strategy;\n    note(kind, 'ok');")],
    test: 'tests/access-sigv4.test.ts',
    named: 'is asked for no code and is nobody',
  },
  {
    rule: 'a credential that ended while the body was awaited lets nobody in',
    edits: [inCore('access/still-held.ts', 'epoch === undefined || epoch() === at', 'true')],
    test: 'packages/core/test/still-held.test.ts',
    named: 'is refused, and told of by name',
  },
];

/** Rules of passwords, certificates and signatures. */
export const signedMutants: readonly Mutant[] = [...basic, ...mtls, ...sigv4, ...oci, ...core, ...proving];
