import type { ChunkIndex } from './chunk-index.ts';

/** What reading chunks needs of an index. */
export type IndexView = Pick<ChunkIndex, 'find' | 'refresh' | 'damaged'>;

/** Reads by `own`, whose places must stay what they are; what it does not know is looked for in `shared`, loaded anew. */
export function fixedView(own: ChunkIndex, shared: ChunkIndex): IndexView {
  let isLoadedAnew = false;
  return {
    async find(id, accept, call) {
      const place = await own.find(id, accept, call);
      return place === undefined && isLoadedAnew ? shared.find(id, accept, call) : place;
    },
    refresh(call) {
      isLoadedAnew = true;
      return shared.refresh(call);
    },
    get damaged() {
      return own.damaged;
    },
  };
}
