export { attachTags, type FoundTag, findTags, readTags, type UnattachedTag } from './machine-tags.ts';
export { formatTag, parseTag, type VimTag } from './tag-name.ts';
