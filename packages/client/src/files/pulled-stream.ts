/** A stream that reads no further than its reader does. `stop` is called when the reader gives up, also before it read anything. */
export function pulledStream(
  pieces: AsyncGenerator<Uint8Array>,
  stop: () => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        stop();
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
