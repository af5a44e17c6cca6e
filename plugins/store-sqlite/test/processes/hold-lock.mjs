// Takes the database for itself, says "locked", and lets go when its standard input ends.
import { DatabaseSync } from 'node:sqlite';

const [path, kind] = process.argv.slice(2);
const db = new DatabaseSync(path, { timeout: 5000 });
if (kind === 'exclusive') db.exec('PRAGMA locking_mode = EXCLUSIVE');
db.exec('BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS held (x); INSERT INTO held VALUES (1)');
process.stdout.write('locked\n');
process.stdin.on('end', () => {
  db.exec('ROLLBACK');
  db.close();
});
process.stdin.resume();
