import type { Failure } from '../failure.ts';
import { keysFolder } from '../files/environment-folder.ts';
import type { Check } from './check.ts';
import { gitCheck, seeGit } from './checks/git.ts';
import { type KeptFolder, keptFolders, keysCheck, seeKeys } from './checks/keys.ts';
import { nodeCheck, seeNode } from './checks/node.ts';
import { proxyCheck } from './checks/proxy.ts';
import { recodeCheck, seeRecode } from './checks/recode.ts';
import { seeSettings, settingsCheck } from './checks/settings.ts';
import { seeSsh, sshCheck } from './checks/ssh.ts';
import { agentCheck, seeAgent } from './checks/ssh-agent.ts';
import { seeSshConfig, sshConfigCheck } from './checks/ssh-config.ts';
import type { Explain } from './explain.ts';

/** Checks the programs and files of this machine, for which nobody else has to be asked. */
export async function checkPrograms(explain: Explain): Promise<{ checks: Check[]; folders: readonly KeptFolder[] }> {
  const { root, folders, failure } = seeFolders(explain);
  const [ssh, git, keys, agent, config] = await Promise.all([
    seeSsh(explain),
    seeGit(),
    seeKeys(folders, explain),
    seeAgent(folders, process.env),
    seeSshConfig(explain),
  ]);
  const checks = [
    recodeCheck(seeRecode()),
    nodeCheck(seeNode()),
    sshCheck(ssh),
    gitCheck(git),
    ...keysCheck({ root, keys, ...(failure && { failure }) }),
    agentCheck(agent),
    sshConfigCheck(config),
    ...settingsCheck(seeSettings(explain)),
    proxyCheck(process.env),
  ];
  return { checks, folders };
}

function seeFolders(explain: Explain): { root: string; folders: readonly KeptFolder[]; failure?: Failure } {
  try {
    return { root: keysFolder(process.env), folders: keptFolders(process.env) };
  } catch (error) {
    return { root: '', folders: [], failure: explain(error) };
  }
}
