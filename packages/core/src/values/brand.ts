/** A string (or number) that only its own constructor makes: two identifiers of different kinds never mix. */
export type Brand<Name extends string, Base = string> = Base & { readonly __brand: Name };
