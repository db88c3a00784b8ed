/**
 * Returns whether a worker may process an export. The account of an export can end with ` *`, which matches every account that begins with
 * the text before the asterisk.
 *
 * The script that claims a part compares accounts in the same way.
 *
 * @param owner account of the export; undefined if no worker has claimed a part and the submitter named no account.
 * @param account account of the worker.
 */
export function isSameAccount(owner: string | undefined, account = ''): boolean {
  if (owner === undefined || owner === account) return true;
  return owner.endsWith(' *') && account.startsWith(owner.slice(0, -1));
}

/** Describes an account for messages. */
export function describeAccount(account: string | undefined): string {
  return account ? `account ${JSON.stringify(account)}` : 'no account';
}
