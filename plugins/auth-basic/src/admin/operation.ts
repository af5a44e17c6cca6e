import { operations } from '@llm-proxy-auth/plugin/issued';
import { parts } from '../book.ts';

/** An operation on users; it needs the scope `keys` and leaves an audit row. */
export const operation = operations(parts.of);
