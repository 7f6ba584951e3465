import { describe, expect, it } from 'vitest';
import { isReadAtStart } from '../../../src/launch/warm.ts';

describe('a file that is read when a server starts', () => {
  it.each([
    '.jupyter/custom/custom.css',
    '.ipython/profile_default/ipython_config.py',
    '.local/lib/python3.11/site-packages/x.pth',
    '.config/pip/pip.conf',
    '.config',
    '.bashrc',
    '.bash_profile',
    '.bash_login',
    '.bash_aliases',
    '.profile',
    '.zshrc',
    '.zprofile',
    '.zshenv',
    '.env',
    'jupyter_server_config.json',
    'jupyter_notebook_config.py',
    'docs/jupyter_lab_config.py',
  ])('%s', (path) => {
    expect(isReadAtStart(['index.ipynb', path])).toBe(true);
  });

  it.each([
    'index.ipynb',
    'config/settings.py',
    'docs/.bashrc',
    'x.jupyter/a',
    '.jupyterlab',
    '.localized',
    '.configuration',
    'profile',
    'my_jupyter_server_config.json',
    'jupyter_server_config.json/readme.md',
  ])('is not %s', (path) => {
    expect(isReadAtStart([path])).toBe(false);
  });
});
