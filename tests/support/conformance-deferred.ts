/**
 * Lines of the conformance checklist that need what is not built yet. `issue` is the one that builds it; as soon as the folder
 * `plugins/<until>` exists, the line has to be a test.
 */
export const deferred: Readonly<Record<string, { readonly issue: number; readonly until: string; readonly why: string }>> = Object.freeze({});
