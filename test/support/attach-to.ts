import type { AxiosInstance } from 'axios';
import { onTestFinished } from 'vitest';
import type { AuthRefreshEvent } from '../../src/core/events.ts';
import { type AuthRefreshAttachment, attachAuthRefresh } from '../../src/plugin/attach.ts';
import type { AuthRefreshOptions } from '../../src/plugin/attach-options.ts';
import type { Fixture } from './fixture.ts';

/** Attaches the plugin to an instance, with a short retry delay, until the test ends. */
export function attachTo(
  api: AxiosInstance,
  fixture: Fixture,
  options: Partial<AuthRefreshOptions> = {},
): AuthRefreshAttachment & { events: AuthRefreshEvent[] } {
  const events: AuthRefreshEvent[] = [];
  const attachment = attachAuthRefresh(api, {
    ...(!options.tokens && { vendor: fixture.vendor(), tokenRetryDelay: 5 }),
    retry: { baseDelay: 5 },
    onEvent: (event) => events.push(event),
    ...options,
  });
  onTestFinished(() => attachment.detach());
  return { ...attachment, events };
}
