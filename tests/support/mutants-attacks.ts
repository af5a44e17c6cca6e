import type { Edit, Mutant } from './mutants.ts';

const of = (rule: string, test: string, named: string, ...edits: readonly Edit[]): Mutant => ({ rule, test: `${test}.test.ts`, named, edits });
const edit = (folder: string) => (file: string, from: string, to: string) => ({ file: `${folder}/src/${file}`, from, to });
const core = edit('packages/core');
const kit = edit('packages/plugin');
const keys = edit('plugins/auth-api-key');

/** A request must show who sends it. */
const SHOWN = core(
  'access/authenticate.ts',
  "throw refuse(r, denial('missing_credentials'), 'missing', { strategy: 'none', reason: 'missing' });",
  'return { principal: ANONYMOUS };',
);
const PROJECT = edit('plugins/provider-vertex')('config.ts', "pattern: '^([a-z0-9][a-z0-9.-]*:)?[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$',", '');
const LOCATION = edit('plugins/provider-vertex')('config.ts', "pattern: '^(global|us|eu|[a-z]+-[a-z]+[0-9]{1,2})$',", '');
const COMPARTMENT = edit('plugins/provider-oci')('config.ts', "pattern: '^(ocid1\\\\.(compartment|tenancy)\\\\.[a-z0-9.-]+)?$',", '');

/** Rules of the cases of attack that the files about one subject leave out; each row names its case. */
export const attacks: readonly Mutant[] = [
  of(
    'a key with a wrong checksum is not looked for',
    'plugins/auth-api-key/test/strategy',
    'A014 checksum and prefix, A011: what is no key > is denied without a read of the store',
    keys('strategy.ts', 'if (id === undefined) return MALFORMED;', 'if (id === undefined) return unknown(value, shown);'),
  ),
  of(
    'two slots, two callers',
    'tests/refused',
    'A018 two credentials are 400',
    core('http/head.ts', 'credential.value !== found.value) throw ambiguous()', 'false) throw ambiguous()'),
  ),
  of(
    'a revocation is heard of by every replica',
    'plugins/auth-api-key/test/replicas',
    'is seen within one poll, which is under 5 s, and moves the epoch (A023)',
    kit('issued/book.ts', 'setInterval(() => void poll(), POLL);', 'setInterval(() => void poll(), 60 * POLL);'),
  ),
  of(
    'a limit of one caller is one over all replicas',
    'plugins/counters-redis/test/replicas',
    'A037 200 at once over three replicas',
    edit('plugins/counters-redis')('shared.ts', '`${prefix}c:${key}`;', '`${prefix}c:${Math.random()}:${key}`;'),
  ),
  of(
    'administrators have no other limits',
    'tests/budgets-of-keys',
    'A043 a model budget of 0 holds for administrators and for keys that are remembered > protocol mode',
    core('access/claims.ts', 'policy.limits.flatMap((limit, i) =>', "(counted.principal.scopes.includes('admin') ? [] : policy.limits).flatMap((limit, i) =>"),
  ),
  of(
    'a restriction of a key',
    'tests/access',
    'A020: what a key may > a restriction of each kind',
    core('access/authorize.ts', ' && own.instances(c.instance.name)', ''),
  ),
  of(
    'the right-most untrusted hop is the caller',
    'packages/core/test/address',
    'A054 the address of a caller behind trusted proxies > the right-most that none of them wrote',
    core('access/address.ts', 'if (!trusted(hop)) return hop;', ''),
  ),
  of(
    'an encoded id is handed on as it was written',
    'tests/hardening',
    'A060: an encoded id keeps its bytes',
    core('http/route.ts', "path: `/${rest.slice(1).join('/')}` };", "path: decodeURIComponent(`/${rest.slice(1).join('/')}`) };"),
  ),
  of(
    'a question mark before its name hides no credential',
    'tests/hardening',
    'a credential leaves the query in every spelling, the rest stays as it was sent: ?key=',
    core('http/target.ts', "isQueryCredential(name.replace(MARKS, ''), ", 'isQueryCredential(name, '),
  ),
  of(
    'an encoded id is signed encoded twice',
    'tests/bedrock-bytes',
    'A060 encoded ids must still work',
    kit('sigv4/canonical.ts', "encode(whole).replaceAll('%2F', '/');", 'whole;'),
  ),
  of('a target begins with a slash', 'tests/hardening', 'A058 *', core('http/target.ts', "if (url[0] !== '/') throw refuse('must begin with a slash');", '')),
  of('a Host is a host', 'tests/hardening', '5.1 Host (A062) > a path', core('http/raw-answer.ts', 'if (!HOST.test(host)) return false;', '')),
  of('who shows no credential is nobody', 'tests/refused', 'A064 /metrics: a path of a proxy in front is not looked at', SHOWN),
  of('a user agent is no credential', 'tests/refused', 'A065 /openai/main/v1/chat/completions: probes of load balancers are nobody', SHOWN),
  of('a header that names an account is no credential', 'tests/hardening', 'A039 X-Service-Account', SHOWN),
  of(
    'a deployment is one segment of a path',
    'tests/hardening-models',
    'A069: a model is no path at azure by deployment > "a?b" is unknown',
    edit('plugins/provider-azure')('endpoint.ts', 'return encodeURIComponent(deployment).replace', 'return deployment.replace'),
  ),
  of('a route has its methods', 'tests/hardening', 'A070 method PUT on', core('http/route.ts', 'if (matcher.method !== method) {', 'if (false) {')),
  of(
    'what decides stands once',
    'tests/hardening-bodies',
    'A071 model twice',
    core('call/governed.ts', 'if (!this.#scanner.duplicated) return;', 'return;'),
    core('call/governed.ts', "if (path !== undefined) throw duplicate(path.join('.'));", ''),
  ),
  of(
    'no key names a prototype',
    'tests/hardening-bodies',
    'A073 __proto__ deep',
    kit('json/scan.ts', 'if (polluting) return', 'if (false) return'),
    kit('json/parse.ts', "if (key === '__proto__') throw polluted();", ''),
  ),
  of(
    'no field of a form names a prototype',
    'tests/hardening-bodies',
    'A073 names of form fields',
    kit('multipart-header.ts', 'if (POLLUTING.test(name))', 'if (false)'),
  ),
  of(
    'a body nests 64 levels',
    'tests/hardening-bodies',
    'A074 65 levels of arrays',
    kit('json/scan.ts', 'if (this.#objects.length >= this.#maxDepth) return', 'if (false) return'),
  ),
  of(
    "the parser is Node's strict one",
    'tests/hardening',
    '5.1 smuggling (A076) > length and chunks',
    core('http/http1.ts', '    requireHostHeader: false,\n', '    requireHostHeader: false,\n    insecureHTTPParser: true,\n'),
  ),
  of(
    'after a request that is none the connection ends',
    'tests/hardening',
    '5.1 smuggling (A076) > two lengths',
    core('http/raw-answer.ts', "'connection: close\\r\\n'}\\r\\n${body}`);", "''}\\r\\n${body}`);"),
  ),
  of(
    'no user name in the address of a provider',
    'packages/core/test/config-checks',
    'A080: hosts of instances > https://user:pass-canary',
    core('config/url.ts', "if (url.username !== '' || url.password !== '' || /^https?:\\/\\/[^/?#]*@/.test(text))", 'if (false)'),
  ),
  of(
    'no metadata service as a provider',
    'packages/core/test/config-checks',
    'A080: hosts of instances > https://169.254.169.254',
    core('config/url.ts', 'return linkLocal ||', 'return'),
  ),
  of(
    'a region is a name',
    'tests/security-surface',
    'A084: parts of an address are names and nothing else > region of {"provider":"bedrock","region":"us-east-1.evil',
    edit('plugins/provider-bedrock')('config.ts', "      pattern: '^[a-z]{2,}(-[a-z0-9]+)+$',\n", ''),
  ),
  of('a project is a name', 'tests/security-surface', 'A084: parts of an address are names and nothing else > project of', PROJECT),
  of('a location is a name', 'tests/security-surface', 'A084: parts of an address are names and nothing else > location of', LOCATION),
  of('a compartment is an id', 'tests/security-surface', 'A084: parts of an address are names and nothing else > compartmentId of', COMPARTMENT),
  of(
    'a picture is not fetched',
    'tests/security-surface',
    'A085: the address of a picture is fetched by nobody here > a provider that needs the bytes',
    edit('plugins/dialect-converse')('blocks/media.ts', '(mine || media.url.startsWith(S3)) ?', 'media.url.length > 0 ?'),
  ),
  of(
    'a JSON body says so and nothing more',
    'tests/hardening-bodies',
    'A091 a tab inside is 415',
    core('http/media-type.ts', 'if (JSON_TYPE.test(contentType)', 'if (/^application.json/i.test(contentType)'),
  ),
  of(
    'chunks are counted',
    'tests/hardening-bodies',
    '5.4 size (A092) > chunks over the limit end the request by /openai',
    core('call/receive.ts', 'if (this.#size > this.#limit) this.#handOver();', ''),
  ),
  of(
    'a body that comes too slowly is not waited for',
    'tests/security-slow',
    'A093: a body that comes byte by byte',
    core('http/http1.ts', 'requestTimeout: options.body,', 'requestTimeout: 0,'),
  ),
  of(
    'a head that comes too slowly is not waited for',
    'tests/security-slow',
    'A093: a head that comes byte by byte',
    core('http/http1.ts', 'headersTimeout: Math.min(options.head, options.body),', 'headersTimeout: 0,'),
    core('http/http1.ts', 'requestTimeout: options.body,', 'requestTimeout: 0,'),
  ),
  of(
    'a coded body is not taken',
    'tests/hardening-bodies',
    'A095 a coding: real is 415',
    core('http/media-type.ts', "contentEncoding.toLowerCase() !== 'identity')", 'false)'),
  ),
  of(
    'a value that splits a head is no header of an answer',
    'packages/core/test/lean-response',
    'header lines > refuse the value',
    core('http/header-lines.ts', ' || !headerValueIsSafe(value)', ''),
  ),
  of(
    'a name that splits a head is none either',
    'packages/core/test/lean-response',
    'header lines > refuse the name',
    core('http/header-lines.ts', '!NAME.test(name) || ', ''),
  ),
  of(
    'a caller who is refused behind a request is forgotten',
    'packages/core/test/renewal',
    'one who is refused behind a request',
    core('access/authenticate.ts', 'else cache.forget(key);', ''),
  ),
  of(
    'an answer that comes late lets nobody in who was refused meanwhile',
    'packages/core/test/renewal',
    'an answer that comes too late',
    core('access/verified-cache.ts', 'if (verified.get(key) === entry) ', ''),
  ),
  of(
    'a head that went out is not sent again with its body',
    'tests/answers-in-step',
    'in step > expect: x: /transparent',
    core('http/lean-response.ts', 'own._headerSent || ', ''),
  ),
  of(
    'a head is no part of a chunk',
    'tests/answers-in-step',
    'in step > connection: content-length: /openai',
    core('http/lean-response.ts', 'this.chunkedEncoding || ', ''),
  ),
  of(
    'a listener has the routes that are documented',
    'tests/routes',
    'A104 routes > that are not documented are nowhere on the ops listener',
    core(
      'http/ops.ts',
      'readiness(reply, options.ready()));',
      "readiness(reply, options.ready()));\n      app.get('/debug', (_q, reply) => replyJson(reply, 200, process.versions));",
    ),
  ),
  of(
    'metrics need a credential',
    'tests/security-surface',
    'A104: what is open, and what runs > without a credential',
    core('http/ops.ts', 'if (refusal !== undefined) return replyError(reply, refusal);', ''),
  ),
  of(
    'metrics need their scope',
    'tests/access-surroundings',
    'A102 /metrics: with the scope',
    core('http/ops.ts', 'if (scopes.some((scope) => principal.scopes.includes(scope))) return undefined;', 'return undefined;'),
  ),
  of(
    'an operation needs its scope',
    'tests/admin-openapi',
    'A103 the admin API is not on the data port',
    core('http/admin.ts', 'if (refused !== undefined) throw refused;', ''),
  ),
  of(
    'no listener for everybody without authentication',
    'packages/core/test/config-checks',
    'A106: authentication fails closed > none beside a main listener',
    core('config/checks.ts', "settings.auth === 'none' && host", 'settings.auth === undefined && host'),
  ),
  of(
    'an empty list of strategies is none',
    'tests/refused',
    'A106 an empty list',
    core('config/schema.ts', "Type.Array(Use('auth'), { minItems: 1 })", "Type.Array(Use('auth'))"),
  ),
  of(
    'secrets are taken out of the log',
    'tests/canaries',
    'A112 > a gateway that logged a secret',
    core('observe/scrub.ts', 'return (text) => {\n', 'return (text) => {\n    if (known.length > 0 || text.length > 0) return text;\n'),
  ),
  of(
    'who is refused holds no place of the calls',
    'tests/held-answers',
    'of a call with a wrong key',
    core('gateway.ts', 'if (x.principal === undefined) x.plan.uncount(x);', ''),
  ),
  of(
    'who waits for a signature may leave',
    'tests/token-service-hangs',
    'holds no place for clients that went',
    core('call/attempt.ts', 'this.#ended?.(why);', ''),
  ),
  of(
    'paths that are no route are one label',
    'tests/hardening-headers',
    'A115: labels come from closed sets',
    core('runtime.ts', ": 'unmatched');\n\nconst orRefusal", ': path);\n\nconst orRefusal'),
  ),
  of(
    'a plugin has the name of a package',
    'packages/core/test/plugins-discovery',
    'A119: names that are no package names > ../evil',
    core('plugins/name.ts', 'name.length <= 214 && PACKAGE.test(name) &&', ''),
  ),
  of(
    'a plugin is what its manifest says',
    'packages/core/test/plugins-create',
    'A121: a plugin that is not what it should be > a kind less than the manifest',
    core('plugins/shape-check.ts', '(kinds.length !== found.kinds.length ||', '(false ||'),
  ),
  of(
    'a plugin that never comes is not waited for',
    'packages/core/test/plugins-create',
    'A121: a plugin that fails while it is imported > never ends',
    core('plugins/import.ts', 'await within(timeoutMs, import(/* @vite-ignore */ found.url) as', 'await (import(/* @vite-ignore */ found.url) as'),
  ),
  of('the image runs as nobody', 'tests/deploy-replicas', 'A125 image: no shell in the end, the user 65532', {
    file: 'deploy/docker/Dockerfile',
    from: 'USER 65532:65532\n',
    to: '',
  }),
  of('a package brings what is listed', 'tests/security-surface', 'A123: no package runs anything while it is installed', {
    file: 'packages/cli/package.json',
    from: '  "files": [',
    to: '  "unlisted": [',
  }),
  of('keys of an object are counted, not compared one by one', 'tests/costs', 'A098: 100,000 keys like integers > a body that names ids', {
    file: 'packages/plugin/src/json/unique-keys.ts',
    from: 'if (COLON.test(source)) count++;',
    to: "if (COLON.test(source)) count += count % 100 === 0 && source.slice(0, end).split('\"').includes('') ? 0 : 1;",
  }),
  of(
    'a tenant is a name',
    'tests/security-surface',
    'A084: parts of an address are names and nothing else > tenantId of',
    edit('plugins/provider-azure')('config.ts', "        pattern: '^[0-9A-Za-z][0-9A-Za-z.-]*$',\n", ''),
  ),
  of(
    'a refusal names what was right and is good no more',
    'tests/refused',
    'says who decided, why, from where and of which request',
    core('access/authenticate.ts', "kind ?? 'none', reason, credential });", "kind ?? 'none', reason });"),
  ),
  of(
    'a further model in a header is tested, bytes unchanged',
    'tests/bypass-routes',
    'a deployment that a header of Azure names > /transparent/main/openai/v1/responses, asked for by who may use one',
    core('call/transparent.ts', 'checkModelHeaders(x, instance.provider, x.head?.forward ?? []);', ''),
  ),
  of(
    'a further model in a header is tested in protocol mode',
    'tests/bypass-routes',
    'a deployment that a header of Azure names > /openai/main/v1/responses, asked for by who may use one',
    core('call/upstream-head.ts', 'checkModelHeaders(x, provider, sent);', ''),
  ),
  of(
    "a skill is everybody's where its kind says so alone",
    'tests/anthropic-ownership',
    'a container below /transparent > skills of the vendor are everybody’s',
    core('call/inner-ids.ts', '[rule.with] === rule.value', '[rule.with] !== undefined'),
  ),
];

export const hosts: readonly Mutant[] = [
  of(
    'a call over HTTP/1.0 names its host',
    'tests/hardening-headers',
    'a call over HTTP/1.0 without a Host is 400',
    core('gateway.ts', "raw.host === ''", 'false'),
  ),
  of(
    'a model behind the part of a form that was sent under another name does not pass',
    'tests/large-forms',
    'one behind the file, where our header said it, does not reach the provider',
    core('call/protocol.ts', 'if (rest !== undefined) governed.settle?.();', ''),
  ),
  of(
    'a limit of each model knows the model of every call that counts',
    'tests/access-policies',
    'each model counts apart in both modes',
    core('call/transparent.ts', 'needed: restricted || counted ||', 'needed: restricted ||'),
  ),
  of(
    'what an account stored is asked for there alone',
    'tests/ownership-accounts',
    'is asked for there, whatever is drawn',
    core('call/protocol.ts', 'return candidates.filter(({ instance }) => own.has(instance.name));', 'return candidates;'),
  ),
  of(
    'a limit of each instance counts at the one that is drawn',
    'tests/routing',
    'a limit of each instance counts at the one that is drawn',
    core('call/protocol.ts', 'instance: candidates[0]?.instance.name', 'instance: allowed[0]?.instance.name'),
  ),
  of(
    'what a refused upload still sends does not stand before the next request',
    'tests/large-forms',
    'a refused one leaves its connection to the next request',
    core('call/receive.ts', '    x.request.unpipe(through);\n    through.destroy();', ''),
  ),
];
