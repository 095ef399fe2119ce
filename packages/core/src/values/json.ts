/** Any value that `JSON.stringify` writes and `JSON.parse` gives back unchanged. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
