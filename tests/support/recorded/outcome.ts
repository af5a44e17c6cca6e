import { expectations, type Recording } from '@llm-proxy-auth/simulators';

/** One recorder did not say that its answer is a stream. */
export const isStream = ({ stream, operation }: Recording): boolean => stream || operation === 'converse-stream';
/** Whether it is about the gateway's own credential, and so the gateway's to tell. */
export const isOwn = (one: Recording): boolean =>
  one.response.status === 401 || (one.response.status === 403 && /^(?:vertex|bedrock)$/.test(one.provider) && one.operation !== 'invoke');
/** Status that a client sees of what is an error, whatever it was sent with. */
export const errorOf = (one: Recording): number | undefined => {
  const { error, errorStatus } = expectations(one);
  if (isOwn(one) || one.kind === 'stream-exception') return 502;
  return errorStatus ?? (error === undefined ? undefined : 400);
};
