import { withoutUserInfo } from '../batch/internal.ts';
import { printable } from '../core/internal.ts';

/**
 * Returns whether a worker may process an export. The account of an export can end with ` *`, which matches every account that begins with
 * the text before the asterisk.
 *
 * @param owner account of the export; undefined if no worker has claimed a part and the submitter named no account.
 * @param account account of the worker.
 */
export function isSameAccount(owner: string | undefined, account = ''): boolean {
  if (owner === undefined || owner === account) return true;
  return owner.endsWith(' *') && account.startsWith(owner.slice(0, -1));
}

/** {@link isSameAccount} for a script. */
export const IS_SAME_ACCOUNT = /* lua */ `
local function isSameAccount(owner, account)
  if not owner or owner == account then return true end
  return owner:sub(-2) == ' *' and account:sub(1, #owner - 1) == owner:sub(1, -2)
end
`;

/** Returns the account as Redis stores it: the empty string if the caller named none. */
export function storedAccount(account = ''): string {
  return withoutUserInfo(account);
}

const MAX_LENGTH = 200;

/** Describes an account for messages. */
export function describeAccount(account: string | undefined): string {
  return account ? `account "${printable(account.slice(0, MAX_LENGTH))}"` : 'no account';
}
