import { type FactorSubject, factorRules } from '../src/index.ts';
import { provesRules } from './broken.ts';
import { factorFactory, factorSubject, inClear, type Pieces } from './good/factor.ts';

const broken = (change: Partial<Pieces>): FactorSubject => ({ ...factorSubject, factory: factorFactory(change) });

provesRules('factor rules', factorRules, factorSubject, {
  'factor.declared': broken({ header: 'X-Acme-Code' }),
  'factor.accepts-valid': broken({ done: { is: 'done', code: '123456789' } as never }),
  'factor.required': broken({ missing: 'invalid_credentials' }),
  'factor.wrong-is-uniform': broken({ wrong: (code) => (code.length === 10 ? 'totp_required' : 'invalid_credentials') }),
  'factor.never-throws-on-garbage': broken({
    look: (code) => {
      if (code === '{}') throw new RangeError('no code');
    },
  }),
  'factor.own-alone': broken({ absent: (code) => (code.length === 9 ? { is: 'done' } : { is: 'denied', code: 'totp_required' }) }),
  'factor.once': broken({ used: 1 }),
  'factor.once-at-once': broken({ swaps: ({ is }) => is !== 'done' }),
  'factor.locks': broken({ obeysLock: (address) => address !== '2001:db8::7' }),
  'factor.lock-ends': broken({ lock: 7_200_000 }),
  'factor.lock-everywhere': broken({ swaps: ({ is }) => is === 'done' }),
  'factor.lock-own-alone': broken({ lockAll: true }),
  'factor.unavailable-when-broken': broken({ broken: { is: 'denied', code: 'totp_required' } }),
  'factor.no-secret-told': inClear,
});
