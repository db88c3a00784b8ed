import type { Fixture } from './fixture.ts';
import { sendJson } from './server.ts';

/**
 * One answer of the API: a status, with header fields if need be; `reset` closes the connection without an answer,
 * `cut` breaks off in the middle of a 200, `hang` never answers.
 */
export type PlannedAnswer = number | readonly [number, Record<string, string>] | 'reset' | 'cut' | 'hang';

/** Gives the next requests to the API these answers, whatever their token; those after them are treated as usual. */
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

/** The same answer for every request to the API. */
export function always(fixture: Fixture, answer: PlannedAnswer): void {
  plan(fixture, ...Array<PlannedAnswer>(50).fill(answer));
}
