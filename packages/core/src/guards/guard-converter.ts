import type { ConvertRequest, FormatConverter, FormatPair } from '../convert/format-converter.ts';
import { checkCapability, checkObject, checkText } from './check-arguments.ts';
import { Gate } from './gate.ts';
import { guardOnce } from './guard-once.ts';

/** A converter that receives only the pairs it declares. */
export const guardConverter = guardOnce<FormatConverter>((inner) => {
  const gate = new Gate('converter');
  const { specificationVersion, pairs } = inner;
  return {
    specificationVersion,
    pairs,
    convert: (request, call) =>
      gate.query(
        'convert-file',
        call,
        () => checkRequest(request, pairs, 'convert-file'),
        () => inner.convert(request, call),
      ),
    estimateTime: (request, call) =>
      gate.query(
        'estimate-time',
        call,
        () => checkRequest(request, pairs, 'estimate-time'),
        () => inner.estimateTime(request, call),
      ),
    requiredSpace: (request, call) =>
      gate.query(
        'measure-space',
        call,
        () => checkRequest(request, pairs, 'measure-space'),
        () => inner.requiredSpace(request, call),
      ),
  };
});

/** A source without a format is probed by the converter, so only its target can be checked here. */
function checkRequest(request: ConvertRequest, pairs: readonly FormatPair[], operation: string): void {
  checkObject(request, 'request');
  const { source, target } = request;
  checkText(source.path, 'source.path', operation);
  checkText(target.path, 'target.path', operation);
  const offered = pairs.some(
    (pair) =>
      pair.to === target.format &&
      (source.format === undefined || pair.from === source.format) &&
      (target.subformat === undefined || pair.subformat === undefined || pair.subformat === target.subformat),
  );
  checkCapability(offered, `${source.format ?? 'any format'} to ${target.format}`, 'converter', operation);
}
