import type { CapturedRequest } from '@llm-proxy-auth/simulators';

/** Texts that stand in for secrets: found anywhere but where they belong, the suite fails. */
export interface Canaries {
  /** Credentials of callers: never in a log, a metric, or what a provider was sent. */
  readonly callers: readonly string[];
  /** Secrets of the gateway: never in a log or a metric. */
  readonly own: readonly string[];
}
/** Forms in which a secret would still be one. */
const formsOf = (secret: string): readonly string[] => [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), Buffer.from(secret).toString('hex')];

const refuse = (secret: string, where: string): never => {
  throw new Error(`A secret (${secret.slice(0, 8)}…) stands in ${where}`);
};
/** Throws with the beginning of the first secret that stands in a log or metrics. */
export const sweepText = ({ callers, own }: Canaries, text: string, where: string): void => {
  for (const secret of [...callers, ...own]) if (secret !== '' && formsOf(secret).some((form) => text.includes(form))) refuse(secret, where);
};
/** Throws with the beginning of the first credential of a caller that a provider was sent. */
export const sweepSent = ({ callers }: Canaries, requests: readonly CapturedRequest[]): void => {
  if (callers.length === 0) return;
  for (const { headers, target, body } of requests) {
    const head = `${target}\n${headers.flat().join('\n')}`;
    for (const secret of callers)
      if (secret !== '' && (formsOf(secret).some((form) => head.includes(form)) || body.includes(secret)))
        refuse(secret, `a request to the provider: ${target}`);
  }
};
