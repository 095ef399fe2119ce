import type { BlockGraph, BlockNode } from './queries.ts';

/** Drivers that pass a disk through: what lies below is the disk. */
const FILTERS: ReadonlySet<string> = new Set([
  'copy-before-write',
  'backup-top',
  'throttle',
  'copy-on-read',
  'preallocate',
  'compress',
]);

/** The nodes of a machine by name, with who stands above whom. */
export class BlockTree {
  readonly nodes: ReadonlyMap<string, BlockNode>;
  /** Child by parent and role (`file`, `backing`). */
  readonly #children = new Map<string, Map<string, string>>();
  readonly #parents = new Map<string, Set<string>>();

  constructor(nodes: readonly BlockNode[], graph: BlockGraph) {
    this.nodes = new Map(nodes.map((node) => [node['node-name'], node]));
    const drivers = graph.nodes.filter(({ type }) => type === 'block-driver');
    const names = new Map(drivers.map(({ id, name }) => [id, name]));
    for (const edge of graph.edges) {
      const parent = names.get(edge.parent);
      const child = names.get(edge.child);
      if (parent === undefined || child === undefined) continue;
      const children = this.#children.get(parent) ?? new Map<string, string>();
      this.#children.set(parent, children.set(edge.name, child));
      this.#parents.set(child, (this.#parents.get(child) ?? new Set()).add(parent));
    }
  }

  /** The node that holds the disk: `name` itself, or what lies below the filters that it is the top of. */
  below(name: string): BlockNode | undefined {
    let node = this.nodes.get(name);
    for (let depth = 0; node !== undefined && FILTERS.has(node.drv) && depth < 64; depth++) {
      const child: string | undefined = this.#children.get(node['node-name'])?.get('file');
      node = child === undefined ? undefined : this.nodes.get(child);
    }
    return node;
  }

  /** `node` and its backing nodes, nearest first; filters between them are passed over. */
  chain(node: BlockNode): readonly BlockNode[] {
    const chain: BlockNode[] = [];
    let next: BlockNode | undefined = node;
    while (next !== undefined && chain.length < 256) {
      chain.push(next);
      const backing: string | undefined = this.#children.get(next['node-name'])?.get('backing');
      next = backing === undefined ? undefined : this.below(backing);
    }
    return chain;
  }

  /** The nodes that are no part of another one, filters of jobs and nodes that `ignored` picks left aside. */
  roots(ignored: (name: string) => boolean): readonly BlockNode[] {
    const isOwn = (name: string): boolean => {
      const isFilter = FILTERS.has(this.nodes.get(name)?.drv ?? '');
      return !isFilter && !ignored(name);
    };
    return [...this.nodes.values()].filter((node) => {
      const name = node['node-name'];
      return isOwn(name) && ![...this.#owners(name)].some(isOwn);
    });
  }

  /** What stands above `name`, filters followed to what stands above them. */
  *#owners(name: string): Generator<string> {
    for (const parent of this.#parents.get(name) ?? []) {
      yield parent;
      if (FILTERS.has(this.nodes.get(parent)?.drv ?? '')) yield* this.#owners(parent);
    }
  }
}
