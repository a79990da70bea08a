export interface StreamEvent {
  readonly id?: string;
  readonly name: string;
}

/** Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, without comments, data and `retry`. */
export class EventParser {
  #rest = '';

  push(text: string): StreamEvent[] {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    return blocks.map(parseEvent);
  }
}

function parseEvent(block: string): StreamEvent {
  const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
  return { id: fields.get('id'), name: fields.get('event') ?? 'message' };
}
