import type { AuthStrategy } from '@llm-proxy-auth/plugin';
import { type AuthSubject, authRules, secretOf } from '../src/index.ts';
import { provesRules } from './broken.ts';
import { authFactory, authSubject, goodAuth } from './good/auth.ts';

type Ask = AuthStrategy['authenticate'];
const broken = (change: Parameters<typeof authFactory>[0]): AuthSubject => ({ ...authSubject, factory: authFactory(change) });
const answers = (asked: Promise<unknown>): Promise<boolean> =>
  asked.then(
    () => true,
    () => false,
  );
/** Changes what `authenticate` answers. */
const answering = (change: (ask: Ask, ...rest: Parameters<NonNullable<Parameters<typeof authFactory>[0]>>) => Ask): AuthSubject =>
  broken((strategy, host, config) => ({ authenticate: change(strategy.authenticate, strategy, host, config) }));

provesRules('auth rules', authRules, authSubject, {
  'auth.declared': broken(() => ({ challenge: 'Bearer\r\nrealm' })),
  'auth.accepts-valid': answering((ask) => async (r) => {
    const result = await ask(r);
    return result.is === 'principal' ? { ...result, principal: { ...result.principal, strategy: 'other' } } : result;
  }),
  'auth.principal-is-stable': answering((ask) => {
    let asked = 0;
    return async (r) => {
      const result = await ask(r);
      return result.is === 'principal' ? { ...result, principal: { ...result.principal, owner: `owner-${asked++}` } } : result;
    };
  }),
  'auth.never-throws-on-garbage': answering((ask) => async (r) => {
    if (r.credential.value === '{}') throw new TypeError('no object');
    return ask(r);
  }),
  'auth.near-misses': answering((ask) => (r) => ask({ ...r, credential: { ...r.credential, value: r.credential.value.trim() } })),
  'auth.denied-is-uniform': answering((ask) => async (r) => {
    const result = await ask(r);
    return result.is === 'denied' && result.reason === 'malformed' ? { is: 'not-mine' } : result;
  }),
  'auth.not-mine-for-foreign-slots': answering((ask) => async (r) => (r.credential.slot === 'session' ? { is: 'denied', reason: 'session' } : ask(r))),
  'auth.no-secret-in-reason': answering((ask) => async (r) => {
    const result = await ask(r);
    return result.is === 'denied' && result.reason === 'signature' ? { is: 'denied', reason: `bad token ${r.credential.value}` } : result;
  }),
  'auth.cache-bounded-by-expiry': answering((ask, _, host) => async (r) => {
    const result = await ask(r);
    return result.is === 'principal' ? { ...result, cacheUntil: host.now() + 30_000 } : result;
  }),
  'auth.expired-is-denied': answering((ask, _, host) => async (r) => {
    const result = await ask(r);
    const end = Number(r.credential.value.split('.')[2]);
    return result.is === 'denied' && result.reason === 'expired' && end > 1 && host.now() - end < 60_000
      ? ask({ ...r, credential: { slot: 'bearer', value: '' } })
      : result;
  }),
  'auth.revoked-is-denied': broken(() => ({ epoch: () => 0 })),
  'auth.current': broken((strategy) => ({ current: (credential) => strategy.current?.(credential.replace(/\.[0-9]+$/, '.4102444800000')) })),
  'auth.unavailable-not-denied': answering((ask, _, host) => async (r) => {
    const result = await ask(r);
    return result.is === 'unavailable' && !(await answers(host.store.changed(0))) ? { is: 'denied', reason: 'store' } : result;
  }),
  'auth.unreachable-not-denied': answering((ask, _, host) => async (r) => {
    const result = await ask(r);
    return result.is === 'unavailable' && !(await answers(host.fetch({ method: 'GET', origin: 'https://a.test', path: '/', headers: [], body: undefined })))
      ? { is: 'denied', reason: 'doors' }
      : result;
  }),
  'auth.secret-away-not-denied': answering((ask, _, __, { key }) => async (r) => {
    const result = await ask(r);
    return result.is === 'unavailable' && key.peek() === undefined ? { is: 'denied', reason: 'signature' } : result;
  }),
  'auth.follows-rotation': broken((_, host, { key }) => goodAuth({ key: secretOf(key.peek() ?? '') }, host)),
});
