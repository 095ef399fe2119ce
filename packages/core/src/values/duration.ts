/** Milliseconds, with how sure the estimate is. */
export type Duration = { readonly milliseconds: number; readonly basis: 'measured' | 'assumed' };
