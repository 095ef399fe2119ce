/** How many of something each tenant has under way; `null`: callers of all tenants. */
export class TenantCounts {
  readonly #counts = new Map<string | null, number>();

  /** How many all tenants have together. */
  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** How many a tenant has. */
  of(tenant: string | null): number {
    return this.#counts.get(tenant) ?? 0;
  }

  /** One more; call what is returned when it is over, once or more often. */
  begin(tenant: string | null): () => void {
    this.#counts.set(tenant, this.of(tenant) + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const left = this.of(tenant) - 1;
      if (left === 0) this.#counts.delete(tenant);
      else this.#counts.set(tenant, left);
    };
  }
}
