package file

import "C" // has sync_linux.c linked
