import { type AnySurface, isGatewayError, tracked } from '@llm-proxy-auth/plugin';
import { type CallOptions, fakeCall, ledger, type Note } from './call.ts';
import { bodyText, clientHalf, providerHalf } from './dialect-subject.ts';
import { kindNamed, pathsNamed } from './notes.ts';

/** What became of a canonical request that was written on a surface. */
export type CarryResult =
  | { readonly is: 'written'; readonly body: string; readonly notes: readonly Note[] }
  /** A GatewayError with `param`: the surface cannot carry it and says so. */
  | { readonly is: 'refused'; readonly code: string; readonly param: string | undefined };

/** Writes a canonical request as the core does: fields that nobody looked at end in the ledger. */
export const carry = (surface: AnySurface, request: unknown, more: CallOptions = {}): CarryResult => {
  const notes = ledger();
  const watched = typeof request === 'object' && request !== null ? tracked(request) : undefined;
  try {
    const written = providerHalf(surface)?.write(watched?.value ?? request, fakeCall(surface, { ...more, ledger: notes }));
    const body = written === undefined ? '' : bodyText(written.body);
    for (const param of watched?.unread() ?? []) notes.note('ignored', param, 'nobody looked at it');
    return { is: 'written', body, notes: notes.notes };
  } catch (failure) {
    if (!isGatewayError(failure)) throw failure;
    return { is: 'refused', code: failure.code, param: failure.param };
  }
};

/** Whether a note about `param` (a canonical path, or the surface's own name for one) speaks of a canonical path too. */
export const speaksOf = (surface: AnySurface, param: string, path: string): boolean => {
  const around = (one: string): boolean => path === one || path.startsWith(`${one}.`) || one.startsWith(`${path}.`);
  if (pathsNamed(param, clientHalf(surface)?.names ?? {}).some(around)) return true;
  // A part of a kind that the surface has not is named by its kind; an answer without its tool calls ends otherwise too.
  if (kindNamed(param) !== undefined && /^(turns|choices)(\.parts|\.finish|$)/.test(path)) return true;
  // One member may have been put for another of the same object (an effort for a budget).
  if (!['', 'turns', 'turns.parts'].includes(parentOf(path)) && parentOf(path) === parentOf(param)) return true;
  // Without tools there is nothing to choose from.
  return path === 'toolChoice' && speaksOf(surface, param, 'tools');
};
const parentOf = (path: string): string => path.split('.').slice(0, -1).join('.');
