import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** Files of the vendor's library that are loaded after a script ran in a process of its own. */
const loaded = (script: string): number => {
  const source = `import Module from 'node:module'; ${script} console.log(Object.keys(Module._cache).filter((file) => file.includes('oci-common')).length);`;
  const out = execFileSync(process.execPath, ['--conditions=@llm-proxy-auth/source', '--input-type=module', '-e', source], {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
  });
  return Number(out.trim());
};

describe('the library of the vendor', () => {
  it('is loaded by who asks for a principal alone', () => {
    expect(loaded(`await import('./src/index.ts');`)).toBe(0);
    expect(
      loaded(`const { resourcePrincipal } = await import('./src/auth/principals.ts'); await resourcePrincipal()().catch(() => undefined);`),
    ).toBeGreaterThan(0);
  });
});
