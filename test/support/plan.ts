import type { Fixture } from './fixture.ts';
import { sendJson } from './server.ts';

/**
 * A response of the API: a status, optionally with headers. `reset` closes the connection without a response, `cut` breaks
 * off in the middle of a 200, and `hang` never responds.
 */
export type PlannedAnswer = number | readonly [number, Record<string, string>] | 'reset' | 'cut' | 'hang';

/** Answers the next requests to the API with these responses, for any token. Later requests are handled as usual. */
export function plan(fixture: Fixture, ...answers: PlannedAnswer[]): void {
  const left = [...answers];
  fixture.beforeApi = (_, response) => {
    const answer = left.shift();
    if (answer === undefined) return false;
    if (answer === 'reset') {
      response.socket?.destroy();
    } else if (answer === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"ok":', () => response.destroy());
    } else if (answer !== 'hang') {
      const [status, headers] = typeof answer === 'number' ? [answer, {}] : answer;
      sendJson(response, status, { planned: status }, headers);
    }
    return true;
  };
}

/** Answers every request to the API with the same response. */
export function always(fixture: Fixture, answer: PlannedAnswer): void {
  plan(fixture, ...Array<PlannedAnswer>(50).fill(answer));
}
