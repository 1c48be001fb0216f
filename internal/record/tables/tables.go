// Package tables is the tables of the record store, in the words that both
// engines understand.
package tables

// Version is the version of a store that every migration was applied to.
var Version = len(Migrations)

// Migrations create an empty store and bring an older one up to date: each is
// one version, one statement an Exec, as some engines demand. None is ever
// changed once it was released; a later version adds its statements as another
// list. Views need none, they are rebuilt. The version stands in the file's
// header, where it is read without opening the file; a migration library would
// keep it in a table of its own and bring more code than this list.
var Migrations = [][]string{spine, sources, servers, notices, spools, histories, ends, leaner}

// spine is the journal and what came in files.
//
// There is no index by record beside current: an entry names the sequence of
// the record's revision before it, and history walks that chain. One index
// less is a third of the cost of an append.
var spine = []string{
	`CREATE TABLE journal (
		journal TEXT PRIMARY KEY,
		head BIGINT NOT NULL,
		at BIGINT NOT NULL,
		epoch TEXT NOT NULL)`,
	`CREATE TABLE entry (
		journal TEXT NOT NULL,
		seq BIGINT NOT NULL,
		kind TEXT NOT NULL,
		id TEXT NOT NULL,
		revision BIGINT NOT NULL,
		prev BIGINT NOT NULL,
		at BIGINT NOT NULL,
		who TEXT NOT NULL,
		doc TEXT NOT NULL,
		PRIMARY KEY (journal, seq))`,
	`CREATE TABLE current (
		journal TEXT NOT NULL,
		kind TEXT NOT NULL,
		id TEXT NOT NULL,
		seq BIGINT NOT NULL,
		revision BIGINT NOT NULL,
		PRIMARY KEY (journal, kind, id))`,
	`CREATE TABLE append_key (
		journal TEXT NOT NULL,
		key TEXT NOT NULL,
		head BIGINT NOT NULL,
		PRIMARY KEY (journal, key))`,
	`CREATE TABLE delivery (
		journal TEXT NOT NULL,
		id TEXT NOT NULL,
		source TEXT NOT NULL,
		name TEXT NOT NULL,
		media TEXT NOT NULL,
		size BIGINT NOT NULL,
		received BIGINT NOT NULL,
		state TEXT NOT NULL,
		error TEXT NOT NULL,
		options TEXT NOT NULL,
		summary TEXT NOT NULL,
		seq BIGINT NOT NULL,
		PRIMARY KEY (journal, id))`,
	`CREATE TABLE part (
		journal TEXT NOT NULL,
		owner TEXT NOT NULL,
		n BIGINT NOT NULL,
		bytes BLOB NOT NULL,
		PRIMARY KEY (journal, owner, n))`,
	`CREATE TABLE reject (
		journal TEXT NOT NULL,
		delivery TEXT NOT NULL,
		n BIGINT NOT NULL,
		line BIGINT NOT NULL,
		field TEXT NOT NULL,
		value TEXT NOT NULL,
		expected TEXT NOT NULL,
		PRIMARY KEY (journal, delivery, n))`,
	`CREATE TABLE blob (
		journal TEXT NOT NULL,
		hash TEXT NOT NULL,
		name TEXT NOT NULL,
		media TEXT NOT NULL,
		size BIGINT NOT NULL,
		PRIMARY KEY (journal, hash))`,
	`CREATE TABLE session (
		journal TEXT NOT NULL,
		token TEXT NOT NULL,
		expires BIGINT NOT NULL,
		data BLOB NOT NULL,
		PRIMARY KEY (journal, token))`,
}

// sources is what live sources need.
var sources = []string{
	// A small payload stands in its delivery's row, compressed; NULL: in parts.
	`ALTER TABLE delivery ADD COLUMN body BLOB`,
	// The inbox, and what a person must look at; few of all deliveries.
	`CREATE INDEX delivery_waiting ON delivery (journal, received, id) WHERE state IN ('received', 'failed')`,
	`CREATE INDEX delivery_source ON delivery (journal, source, received)`,
	// What things are called and what they mention: links between records.
	// Both follow from the journal.
	`CREATE TABLE name (
		journal TEXT NOT NULL,
		name TEXT NOT NULL,
		kind TEXT NOT NULL,
		id TEXT NOT NULL,
		PRIMARY KEY (journal, name, kind, id))`,
	`CREATE INDEX name_record ON name (journal, kind, id)`,
	`CREATE TABLE mention (
		journal TEXT NOT NULL,
		name TEXT NOT NULL,
		kind TEXT NOT NULL,
		id TEXT NOT NULL,
		PRIMARY KEY (journal, name, kind, id))`,
	`CREATE INDEX mention_record ON mention (journal, kind, id)`,
	// Credentials, sealed with a key that is not in the database.
	`CREATE TABLE secret (
		journal TEXT NOT NULL,
		owner TEXT NOT NULL,
		name TEXT NOT NULL,
		box BLOB NOT NULL,
		PRIMARY KEY (journal, owner, name))`,
	// How far each stream of a source was pulled.
	`CREATE TABLE pull (
		journal TEXT NOT NULL,
		source TEXT NOT NULL,
		stream TEXT NOT NULL,
		cursor TEXT NOT NULL,
		through BIGINT NOT NULL,
		began BIGINT NOT NULL,
		at BIGINT NOT NULL,
		pages BIGINT NOT NULL,
		failures BIGINT NOT NULL,
		error TEXT NOT NULL,
		PRIMARY KEY (journal, source, stream))`,
	// What was received, refused and so on, by day.
	`CREATE TABLE counter (
		journal TEXT NOT NULL,
		source TEXT NOT NULL,
		day BIGINT NOT NULL,
		name TEXT NOT NULL,
		n BIGINT NOT NULL,
		PRIMARY KEY (journal, source, day, name))`,
}

// histories is what tells how far the history of a stream was read, and until
// when its tool asks not to be asked. What was read to within an hour of its
// last look had come to its end.
var histories = []string{
	`ALTER TABLE pull ADD COLUMN whole BIGINT NOT NULL DEFAULT 0`,
	`ALTER TABLE pull ADD COLUMN back BIGINT NOT NULL DEFAULT 0`,
	`ALTER TABLE pull ADD COLUMN things BIGINT NOT NULL DEFAULT 0`,
	`ALTER TABLE pull ADD COLUMN later BIGINT NOT NULL DEFAULT 0`,
	`UPDATE pull SET whole = 1 WHERE through > at - 3600000000`,
}

// ends is when each stream was last read to its end.
var ends = []string{
	`ALTER TABLE pull ADD COLUMN ended BIGINT NOT NULL DEFAULT 0`,
	`UPDATE pull SET ended = at WHERE whole = 1 AND failures = 0 AND later = 0`,
}

// leaner leaves out what nobody asks for: what a record is called stands in it.
var leaner = []string{`DROP INDEX name_record`, `DROP INDEX mention_record`}

// servers is what several servers on one database need.
var servers = []string{
	// The last group that each of them committed.
	`CREATE TABLE writer (
		journal TEXT NOT NULL,
		writer TEXT NOT NULL,
		last TEXT NOT NULL,
		at BIGINT NOT NULL,
		PRIMARY KEY (journal, writer))`,
}

// notices is what is told to people.
var notices = []string{
	// What is sent, or was, to whom and why.
	`CREATE TABLE notice (
		journal TEXT NOT NULL,
		id TEXT NOT NULL,
		event TEXT NOT NULL,
		channel TEXT NOT NULL,
		person TEXT NOT NULL,
		subject TEXT NOT NULL,
		doc TEXT NOT NULL,
		created BIGINT NOT NULL,
		due BIGINT NOT NULL,
		state TEXT NOT NULL,
		attempts BIGINT NOT NULL,
		error TEXT NOT NULL,
		ended BIGINT NOT NULL,
		PRIMARY KEY (journal, id))`,
	`CREATE INDEX notice_created ON notice (journal, created, id)`,
	// What was told already, so that nobody hears it twice.
	`CREATE TABLE told (
		journal TEXT NOT NULL,
		key TEXT NOT NULL,
		at BIGINT NOT NULL,
		what TEXT NOT NULL,
		PRIMARY KEY (journal, key))`,
	// How far those are who act on what the journal says.
	`CREATE TABLE follower (
		journal TEXT NOT NULL,
		name TEXT NOT NULL,
		epoch TEXT NOT NULL,
		seq BIGINT NOT NULL,
		PRIMARY KEY (journal, name))`,
}

// spools is where deliveries are durable until they have their row, where
// several servers share a database.
var spools = []string{
	// Each server numbers its own.
	`CREATE TABLE arrived (
		journal TEXT NOT NULL,
		server TEXT NOT NULL,
		n BIGINT NOT NULL,
		at BIGINT NOT NULL,
		bytes BLOB NOT NULL,
		PRIMARY KEY (journal, server, n))`,
}
