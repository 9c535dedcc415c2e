-- What the client gets of :both by the engine, and without it.
\o :ours
:both
SET epiphany.enable_vectorized = off;
\o :theirs
:both
\o
SET epiphany.enable_vectorized = on;
\set answer `cmp :'ours' :'theirs' && echo same`
\echo :answer
