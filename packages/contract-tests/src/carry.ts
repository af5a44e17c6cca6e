import { type AnySurface, isGatewayError } from '@llm-proxy-auth/plugin';
import { fakeCall, ledger, type Note } from './call.ts';
import { bodyText, providerHalf } from './dialect-subject.ts';

/** What became of a canonical request that was written on a surface. */
export type CarryResult =
  | { readonly is: 'written'; readonly body: string; readonly notes: readonly Note[] }
  /** A GatewayError with `param`: the surface cannot carry it and says so. */
  | { readonly is: 'refused'; readonly code: string; readonly param: string | undefined };

/** Writes a canonical request as the core does: fields nobody looked at end in the ledger. */
export const carry = (surface: AnySurface, request: unknown): CarryResult => {
  const notes = ledger();
  try {
    const written = providerHalf(surface)?.write(request, fakeCall(surface, { ledger: notes }));
    return { is: 'written', body: written === undefined ? '' : bodyText(written.body), notes: notes.notes };
  } catch (failure) {
    if (!isGatewayError(failure)) throw failure;
    return { is: 'refused', code: failure.code, param: failure.param };
  }
};
/** The body a client would have sent: a provider half leaves out what the core adds. */
export const asWritten = (_surface: AnySurface, body: string): string => body;
