// Execution layer, contract. What an engine needs of its host. Functions that can fail throw what the host's error became.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>What a scan comes to next; numbers as in the boundary.</summary>
enum ScanUnitKind
{
    End = 0,
    Group = 1,
    Delta = 2,
}

/// <summary>A group of a column table as the snapshot sees it, or the sign that rows of its heap region follow.</summary>
unsafe struct ScanUnit
{
    public ScanUnitKind Kind;
    public int Rows;

    /// <summary>Columns that the group has; later ones have their missing values.</summary>
    public int Columns;
    public RowGroupReader? Reader;

    /// <summary>The vectors that zone maps leave, a bit each.</summary>
    public ulong Vectors;

    /// <summary>A bit for each row, set where it is not seen; null: all are.</summary>
    public ulong* Gone;

    /// <summary>Groups before it of which zone maps leave nothing: they are counted, and do not come.</summary>
    public int Skipped;

    /// <summary>Of a group: what <see cref="IExecutionHost.ScanGo"/> knows it by; negative: it cannot be gone back to.</summary>
    public int Number;
}

/// <summary>One engine's host. Value and null arrays have room for a batch; a null pointer in place of a column's array: not wanted.</summary>
unsafe interface IExecutionHost
{
    /// <summary>Memory that lives as long as the engine.</summary>
    IMemory Memory { get; }

    void Poll();

    /// <summary>Not less than the time of any earlier call, in nanoseconds.</summary>
    ulong Now();

    int SourceRows(int source, ulong** values, byte** nulls, int capacity);

    /// <summary>
    /// Without <paramref name="groups"/>, groups need not come that follow the last one in the order of the sort above, if they come in that order.
    /// </summary>
    void ScanNext(int scan, bool groups, out ScanUnit unit);

    /// <summary>The next unit is a group that has come before.</summary>
    void ScanGo(int scan, int number);

    int ScanRows(int scan, ulong** values, byte** nulls, int capacity);

    bool ScanMissing(int scan, int column, out ulong value);

    /// <summary>
    /// Where the sort above the scan is by the distance from a parameter: its value in this run, and, as far as is known, in the next ones; varlenas
    /// without a header of one byte, 0 where it is null. They live until a run has a value that is not among them. Says how many there are; 0:
    /// nothing is known. <paramref name="first"/>: the number of this run's, which the next ones follow; no number comes again.
    /// </summary>
    int ScanAhead(int scan, out ulong first, out ulong* values);

    /// <summary>False: it is null.</summary>
    bool Param(int parameter, out ulong value);

    /// <summary>Fills in the columns that the expression is to be given, and says how many.</summary>
    int PrepareExpression(int expression, int* columns);

    void EvaluateRows(int expression, ulong** values, byte** nulls, Rows rows, ulong* results, byte* resultNulls);

    int PrepareCall(uint procedure, uint collation, int expression);

    void CallRows(int number, ulong** values, byte** nulls, Rows rows, ulong* results, byte* resultNulls);

    int PrepareOrder(uint orderingOperator, uint collation);

    void CompareRows(int comparer, ulong* left, ulong* right, int count, int* results);

    void HashRows(uint type, uint collation, ulong* values, byte* nulls, int count, ulong* hashes);

    /// <summary>
    /// The aggregate of that id, by the host's own functions. <paramref name="shared"/>: the number of another one, whose states serve it, too; -1:
    /// it gets states of its own.
    /// </summary>
    int PrepareAggregate(int id, int shared);

    /// <summary>Rows of groups (null: all of group 0); says what memory all states take now.</summary>
    ulong AggregateAdd(int number, uint* groups, ulong** values, byte** nulls, int count);

    /// <summary>Results of groups, with direct arguments by row; good until the next call for the number.</summary>
    void AggregateShow(int number, int* groups, int count, ulong** direct, byte** directNulls, ulong* results, byte* resultNulls);

    void AggregateClear(int number);

    int FileCreate();

    void FileWrite(int file, byte* bytes, ulong length);

    void FileRead(int file, byte* bytes, ulong length);

    /// <summary>Where the next byte is read or written, from the file's beginning.</summary>
    void FileSeek(int file, ulong place);

    void FileClose(int file);

    /// <summary>
    /// How many processes may take part in rows that parallel ones share; 0: this one is alone. The file to write its own rows to, or -1: all are
    /// written.
    /// </summary>
    int ShareBegin(int share, out int file);

    /// <summary>All that this process has is in the file, which is closed; waits until the others have written theirs.</summary>
    void ShareEnd(int share, int file, ulong bytes);

    /// <summary>The file to read what a process (from 0) wrote, and its bytes; -1: nothing.</summary>
    int ShareOpen(int share, int member, out ulong bytes);

    /// <summary>Raises an error of PostgreSQL's, by its SQLSTATE as MAKE_SQLSTATE packs it.</summary>
    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    void Raise(int sqlState, string message);
}
