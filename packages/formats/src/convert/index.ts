export { createFormatConverter, type FormatConverterOptions } from './create-format-converter.ts';
export { formatConverterOptionsSchema } from './options.ts';
