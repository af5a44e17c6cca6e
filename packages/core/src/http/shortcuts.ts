import type { Shortcut } from '@llm-proxy-auth/plugin';

export interface ShortcutMatch {
  readonly shortcut: Shortcut;
  /** As sent. */
  readonly params: Readonly<Record<string, string>>;
}
/** Compiled once per graph: which legacy route of a plugin a path is. A parameter is one segment. */
export const compileShortcuts = (shortcuts: readonly Shortcut[]): ((method: string, segments: readonly string[]) => ShortcutMatch | undefined) => {
  const table = shortcuts.map((shortcut) => ({ shortcut, wanted: shortcut.pattern.slice(1).split('/') }));
  return (method, segments) => {
    for (const { shortcut, wanted } of table) {
      if (shortcut.method !== method || wanted.length !== segments.length) continue;
      const params: Record<string, string> = {};
      const fits = wanted.every((want, i) => {
        const sent = segments[i] ?? '';
        if (!want.startsWith('{')) return sent === want;
        params[want.slice(1, -1)] = sent;
        return sent !== '';
      });
      if (fits) return { shortcut, params };
    }
    return undefined;
  };
};
