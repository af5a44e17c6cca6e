import type { LoadedPlugin } from '../graph.ts';
import { DeadlineError, within } from './deadline.ts';
import type { Discovered } from './discover.ts';
import { type Failure, failure } from './failure.ts';
import { checkShape } from './shape-check.ts';

/** Runs a discovered plugin's module, at most `timeoutMs`, and checks what it exports. */
export const importPlugin = async (found: Discovered, timeoutMs: number): Promise<{ readonly ok: true; readonly loaded: LoadedPlugin } | Failure> => {
  const mend = found.kinds === undefined ? undefined : `npm install ${found.name}@latest`;
  let module: { readonly default?: unknown };
  try {
    module = await within(timeoutMs, import(/* @vite-ignore */ found.url) as Promise<{ readonly default?: unknown }>);
  } catch (error) {
    if (error instanceof DeadlineError) return failure('plugin_timeout', `${found.name} was not imported within ${timeoutMs} ms`, mend);
    return failure(
      'plugin_import',
      `${found.name} failed while it was imported: ${error instanceof Error ? `${error.name}: ${error.message.slice(0, 300)}` : 'it threw no error'}`,
      mend,
    );
  }
  const checked = checkShape(module.default, found);
  if (!checked.ok) return failure('plugin_shape', `${found.name}: ${checked.why}`, mend);
  const { name, version, folder, reaches } = found;
  return { ok: true, loaded: Object.freeze({ name, version, folder, kinds: checked.kinds, reaches, plugin: checked.plugin }) };
};
