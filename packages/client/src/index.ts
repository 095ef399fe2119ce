export { type FailedReply, replyError } from './http/reply-error.ts';
