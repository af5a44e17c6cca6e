import type { ProblemCode } from '../config/problem.ts';

export type PluginCode = Extract<ProblemCode, `plugin_${string}`>;
/** Why one plugin cannot be used, as data; it becomes a `Problem` with the place of the plugin in the file. */
export interface Failure {
  readonly ok: false;
  readonly code: PluginCode;
  readonly message: string;
  /** The command that mends it. */
  readonly mend?: string | undefined;
}
export const failure = (code: PluginCode, message: string, mend?: string): Failure =>
  Object.freeze({ ok: false, code, message, ...(mend === undefined ? {} : { mend }) });
