// Execution layer, search. One of several queries that a pass over a table answers: the nearest rows so far, and how it takes in further ones.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Who makes it says whether elements are copied: they are read until the last row has come.</summary>
abstract unsafe class NearestQuery(DistanceForm form, bool estimates, IMemory memory)
{
    readonly NearestCodes? _codes = estimates && NearestCodes.Knows(form) ? new NearestCodes(form, memory) : null;

    internal Nearest Nearest { get; } = new(memory);

    protected DistanceForm Form { get; } = form;

    /// <summary>Null: nothing is near.</summary>
    internal byte* Elements { get; private set; }

    internal int Dimensions { get; private set; }

    /// <summary>Begins anew.</summary>
    internal void Begin(byte* elements, int dimensions, int wanted)
    {
        Elements = elements;
        Dimensions = dimensions;
        Nearest.Begin(wanted);
        if (elements != null)
        {
            _codes?.Begin(elements, dimensions, wanted);
        }
    }

    /// <summary>On to a group with codes. False: they are of no use for this query.</summary>
    internal bool TryEnter(in CodeShape shape) => Elements == null || (_codes != null && _codes.TryEnter(shape));

    /// <summary>
    /// The rows of a vector of the group entered that are set in <paramref name="seen"/>, by their codes, which are not empty. Says how many
    /// distances were computed.
    /// </summary>
    internal int AddByCodes(
        RowGroupReader reader, int column, int vector, in VectorCodes codes, int count, ulong* seen, ulong first, CandidateRoom room)
    {
        _codes!.Search(codes, count, seen, Nearest.Furthest, room);
        int measured = 0;
        for (; _codes.Next(reader, column, vector, room, Nearest.Furthest, out int number); measured++)
        {
            int row = (vector * Batch.Capacity) + number;
            reader.DecodeRow(column, row, out ulong datum, out _);
            AddRow(Distance.Elements(datum, Form.ElementBytes, out int dimensions), dimensions, first + (ulong)row);
        }

        return measured;
    }

    internal void AddRow(byte* elements, int dimensions, ulong id)
    {
        if (elements == null || dimensions != Dimensions)
        {
            Differs(dimensions);
            return;
        }

        Add(Form.Measure(Elements, elements, dimensions), id);
    }

    protected abstract void Add(double distance, ulong id);

    /// <summary>A row's vector cannot be compared with the query's.</summary>
    protected abstract void Differs(int dimensions);
}
